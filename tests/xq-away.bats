#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# xq-away: what each command of sp-xq does while Redis is away. Those that ask once give up after the connect
# timeout with 69, and say where they looked and what to do; those that go on for long say once that it is away,
# and go on when it is back; what has nothing to ask does not connect.

bats_require_minimum_version 1.7.0
load helpers

setup() {
	PATH=$SPOUT_BUILD:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	PIDS=()
	mkdir r
	export REDIS_URL=unix://$PWD/r/redis.sock # where nobody listens
}

# Ends with 69 in bounded time, after one line about retrying and one about the end.
gives_up() { # [-i INPUT] COMMAND ARG...
	local input=/dev/null
	[[ $1 != -i ]] || { input=$2; shift 2; }
	SECONDS=0
	status=0
	timeout 10 sp-xq "$1" --connect-timeout 200ms "${@:2}" <"$input" >out 2>err || status=$?
	((status == 69 && SECONDS < 5)) || { echo "sp-xq $*: status $status after $SECONDS s" >&2; cat err >&2; return 1; }
	[[ ! -s out && $(wc -l <err) -le 2 && $(grep -c retrying err) -le 1 ]] || { cat err >&2; return 1; }
	grep -q "unix://.*/r/redis.sock.*gave up.*-u URL names another server, --give-up D waits longer" err || { cat err >&2; return 1; }
}

@test "a question gives up after the connect timeout: 69, where it looked and what to do" {
	echo '{"receipt":"m1-1/1"}' >receipt
	gives_up add 1
	gives_up take
	gives_up take --block 1h
	gives_up -i receipt ack
	gives_up -i receipt nack
	gives_up -i receipt extend 5m
	gives_up result x
	gives_up progress x
	gives_up cancel x
	gives_up stats
	gives_up stats --json
	gives_up pending
	gives_up workers
	gives_up doctor
	gives_up dead
	gives_up dead retry x
	gives_up dead drop --all
	gives_up pause
	gives_up resume
	gives_up purge
}

@test "lock -n and lock --wait give up, too, and run nothing" {
	gives_up lock -n name -- touch ran
	gives_up lock --wait 300ms name -- touch ran
	gives_up lock --give-up 100ms name -- touch ran
	[[ ! -e ran ]]
}

@test "a server that takes the connection and never answers counts as away" {
	bg deaf python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("r/redis.sock"); s.listen(50)
kept = []
while True: kept.append(s.accept())'
	wait_until 10 test -S r/redis.sock
	run -69 timeout 10 sp-xq lock -n name --connect-timeout 200ms --command-timeout 200ms -- touch ran
	run -69 timeout 10 sp-xq stats --connect-timeout 200ms --command-timeout 200ms
	[[ ! -e ran ]]
}

@test "what has nothing to ask ends at once with 0, and does not connect" {
	local verb
	: >nothing
	printf '\n\n' >blank
	for verb in add ack nack 'extend 5m' 'dead retry' 'dead drop'; do
		for input in nothing blank; do
			# shellcheck disable=SC2086 # a verb and its operands
			run -0 timeout 10 sp-xq $verb <$input
			[[ $output == '' || $output == *': 0 jobs'* ]] || { echo "$verb: $output" >&2; return 1; }
		done
	done
	run -0 timeout 10 sp-xq add --spool f <nothing
	run -0 timeout 10 sp-xq add --or-exec 'touch ran' <nothing
	[[ $output == '' && ! -e ran ]]
	run -65 timeout 10 sp-xq add <<<'not json'
	[[ ${#lines[@]} -eq 1 ]]
}

# Goes on while Redis is away, says so once, and once that it is back.
waits() { # NAME COMMAND ARG...
	local name=$1
	shift
	bg "$name" sp-xq "$1" --connect-timeout 100ms "${@:2}"
	waiting+=("$name $bg_pid")
}

@test "what goes on for long waits for Redis, says so once, and goes on when it is back" {
	local waiting=() name pid
	mkfifo fifo
	exec 9<>fifo
	bg_in=fifo waits add add
	echo 1 >&9
	waits wait wait x
	waits watch stats --json --watch 100ms
	waits work work -- true
	waits every every 100ms 2
	waits lock lock name -- sh -c 'touch held; sleep 30'
	for name in "${waiting[@]}"; do
		wait_until 10 says "${name% *}.err" retrying
	done
	sleep 2 # they try again meanwhile
	for name in "${waiting[@]}"; do
		read -r name pid <<<"$name"
		! gone "$pid" || { echo "$name has gone: $(<"$name.err")" >&2; return 1; }
		[[ $(grep -c retrying "$name.err") -eq 1 ]] || { echo "$name: $(<"$name.err")" >&2; return 1; }
	done
	own_redis "$PWD/r"
	wait_until 15 lines add.out 1
	wait_until 15 says wait.out unknown
	wait_until 15 lines watch.out 2
	wait_until 15 lines every.out 2
	wait_until 15 test -e held
	wait_until 15 bash -c 'sp-xq stats --json | jq -e ".done >= 2"'
	for name in work watch every lock add; do
		[[ $(grep -c 'connected again' "$name.err") -eq 1 ]] || { echo "$name: $(<"$name.err")" >&2; return 1; }
	done
	exec 9>&-
}

@test "a lock that is held outlives an outage that is shorter than its time" {
	own_redis "$PWD/r" --appendonly yes
	bg lock sp-xq lock -n --ttl 10s --connect-timeout 200ms name -- sh -c 'touch held; until [ -e go ]; do sleep 0.02; done'
	wait_until 10 test -e held
	end_process "$own_pid" KILL
	sleep 1
	own_redis "$PWD/r" --appendonly yes
	wait_until 10 says lock.err 'connected again'
	touch go
	ends "$bg_pid"
	[[ $status -eq 0 ]]
}
