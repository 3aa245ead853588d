#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# xq-crash: workers that die, stop, or are cut off, and jobs that do what no job should; item by item.

bats_require_minimum_version 1.7.0
load helpers

setup() {
	PATH=$SPOUT_BUILD:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	Q=q$BATS_SUITE_TEST_NUMBER-$$ PIDS=()
	TAG="{sp:q:$Q}"
}

xq() { # COMMAND ARG...
	local verb=$1
	shift
	timeout -k 1 40 sp-xq "$verb" -q "$Q" "$@"
}

add() { # ARG...: the id
	xq add "$@" | jq -r .id
}

work() { # ARG... -- COMMAND: until nothing is left
	xq work --drain "$@" </dev/null
}

worker() { # NAME ARG... -- COMMAND
	local name=$1
	shift
	bg "$name" sp-xq work -q "$Q" "$@"
}

state_is() { # ID STATE
	[[ $(xq progress "$1" | jq -r .state) == "$2" ]]
}

stats_are() { # [WAITING,RUNNING,DONE]
	[[ $(xq stats --json | jq -c '[.waiting, .running, .done]') == "$1" ]]
}

# --- Jobs taken ahead

# Jobs in workers' hands.
held_are() { # N
	[[ $(xq pending | jq -c 'select(.released | not)' | wc -l) -eq $1 ]]
}

# A worker that had many short jobs, and now one that lasts, has others at hand that wait behind it.
take_ahead() { # ARG... for work
	(seq 300; echo '"long"'; seq 301 400) | xq add >ids
	worker w "$@" --lease 6s --pipe -- sh -c 'while read -r n; do case $n in
		*long*) touch long; sleep 60;; *) echo "$n"; esac; done'
	wait_until 20 test -e long
	wait_until 5 bash -c "[[ \$(timeout 5 sp-xq pending -q '$Q' | wc -l) -ge 20 ]]"
}

@test "jobs taken ahead by a worker that is killed -9 come back at once, and no attempt is spent; the one that ran is a suspect" {
	take_ahead
	kill -KILL "$bg_pid"
	# Long before the lease ends.
	wait_until 4 held_are 1
	xq take -n 1000 --lease 1m >jobs
	[[ $(wc -l <jobs) -eq 100 ]]
	jq -e -s 'all(.attempt == 1)' jobs
	xq take --block 10s --lease 1m >long
	jq -e '.job == "long" and .attempt == 2' long
	[[ $(R HGET "$TAG:running" "$(jq -r '.receipt | split("/")[0]' long)" | awk '{print $2, $3}') == '2 1' ]]
}

@test "the guard of a worker that is stopped in order, or twice, releases nothing that is another's" {
	take_ahead --grace 100ms
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[[ $status -eq 0 ]]
	held_are 0
	xq take -n 1000 >jobs
	jq -e -s 'length == 101 and all(.attempt == 1)' jobs
}
