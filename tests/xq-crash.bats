#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# xq-crash: workers that die, stop, or are cut off, and jobs that do what no job should; item by item.

load helpers
load xq

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

# --- A worker that is stopped past its lease and continued: nothing that is no longer its own changes

# Everything of the delivery that the other one has.
delivery() {
	R HGETALL "$TAG:running"
	R ZRANGE "$TAG:leases" 0 -1 WITHSCORES
	R ZRANGE "$TAG:delayed" 0 -1 WITHSCORES
	R HMGET "$TAG:meta" done retried died released
	R XLEN "$TAG:medium"
	R XLEN "$TAG:dead"
}

# The worker w runs a job, is stopped, loses it to `taken`, and meanwhile its command goes on as told.
stop_past_lease() { # COMMAND for the job, when the lease is over
	id=$(add 1)
	worker w --lease 400ms --grace 100ms -- sh -c "touch begun; while [ ! -e go ]; do sleep 0.02; done; $1; touch ended"
	wait_until 10 test -e begun
	kill -STOP "$bg_pid"
	xq take --block 10s --lease 1h >taken
	[[ $(jq .attempt taken) -eq 2 ]]
	delivery >before
}

nothing_changed() {
	delivery >after
	diff before after
	state_is "$id" running
	jq -c '. + {result: "new"}' taken | xq ack
	[[ $(xq result "$id" | jq -r .) == new ]]
	[[ $(xq stats --json | jq .done) -eq 1 ]]
}

@test "renew: a worker that was stopped past its lease does not renew what is another's" {
	stop_past_lease true
	kill -CONT "$bg_pid"
	wait_until 10 says w.err 'lease is lost'
	# Several turns of its renewal.
	sleep 0.6
	nothing_changed
}

@test "ack: a worker that was stopped past its lease does not acknowledge what ended meanwhile" {
	stop_past_lease true
	touch go
	wait_until 10 test -e ended
	kill -CONT "$bg_pid"
	add 2 >/dev/null
	wait_until 10 bash -c "timeout 5 sp-xq stats -q '$Q' --json | jq -e '.done == 1'"
	state_is "$id" running
	jq -c '. + {result: "new"}' taken | xq ack
	[[ $(xq result "$id" | jq -r .) == new ]]
	[[ $(xq stats --json | jq .done) -eq 2 ]]
}

@test "retry: a worker that was stopped past its lease gives nothing back, whatever status its command had" {
	local how
	for how in 'exit 1' 'exit 65' 'exit 100' 'kill -SEGV $$'; do
		rm -f begun go ended
		stop_past_lease "touch ended; $how"
		touch go
		wait_until 10 test -e ended
		kill -CONT "$bg_pid"
		wait_until 10 says w.err "$id"
		sleep 0.3
		delivery >after
		diff before after
		xq ack <taken
		end_process "$bg_pid" TERM
	done
	xq stats --json | jq -e '.retried == 0 and .dead == 0 and .done == 4'
}

@test "result: what a command printed, or noted, for a worker that was stopped past its lease is nobody's result" {
	stop_past_lease 'echo "progress 99" >&3; echo "result \"old\"" >&3; echo old'
	touch go
	wait_until 10 test -e ended
	jq -c '. + {result: "new"}' taken | xq ack
	kill -CONT "$bg_pid"
	add 2 >/dev/null
	wait_until 10 bash -c "timeout 5 sp-xq stats -q '$Q' --json | jq -e '.done == 2'"
	[[ $(xq result "$id" | jq -r .) == new ]]
	[[ $(R EXISTS "$TAG:progress") -eq 0 ]]
}

@test "a worker that is cut off from Redis past its lease kills its job by itself, and changes nothing when it is back" {
	local id socat
	id=$(add 1)
	bg socat socat UNIX-LISTEN:cut.sock,fork,unlink-early UNIX-CONNECT:"$SOCKET"
	socat=$bg_pid
	wait_until 10 test -S cut.sock
	worker w -u "unix://$PWD/cut.sock" --lease 600ms --grace 100ms -- sh -c 'echo begun >>begun; sleep 60 & echo $! >child; wait'
	wait_until 10 test -s child
	kill -STOP "$socat"
	for pid in $(pgrep -P "$socat"); do
		kill -KILL "$pid"
	done
	rm cut.sock
	# Nobody tells it; it knows by its own clock, before anybody else has the job.
	xq take --block 10s --lease 1h >taken
	wait_until 2 gone "$(<child)"
	says w.err 'lease is lost'
	delivery >before
	end_process "$socat" KILL
	bg socat socat UNIX-LISTEN:cut.sock,fork UNIX-CONNECT:"$SOCKET"
	wait_until 15 says w.err 'connected again'
	sleep 0.5
	delivery >after
	diff before after
	[[ $(wc -l <begun) -eq 1 ]]
	xq ack <taken
	add 2 >/dev/null
	wait_until 10 lines begun 2
}

# --- Redis

@test "a failover to a replica that missed the last writes: what it lost runs again, nothing is stuck, all is done" {
	local url=unix://$PWD/a.sock a b
	own_redis "$PWD/b" --repl-diskless-sync-delay 0
	b=$own_pid
	local replica=$own_socket
	own_redis "$PWD/a" --repl-diskless-sync-delay 0
	a=$own_pid
	ln "$own_socket" a.sock
	redis-cli -s "$replica" REPLICAOF 127.0.0.1 "${own_tcp##*:}"
	wait_until 15 bash -c "redis-cli -s '$replica' INFO replication | grep -q master_link_status:up"
	seq 20 | timeout 10 sp-xq add -u "$url" -q k >ids
	bg w sp-xq work -u "$url" -q k --lease 1s -- sh -c 'read -r n; [ "$n" -le 10 ] || while [ ! -e go ]; do sleep 0.02; done; echo "$n" >>runs'
	wait_until 20 lines runs 10
	wait_until 10 bash -c "redis-cli -s '$replica' HGET '{sp:q:k}:meta' done | grep -qx 10"
	# From here on the replica misses everything.
	redis-cli -s "$replica" REPLICAOF NO ONE
	touch go
	wait_until 20 bash -c "timeout 5 sp-xq stats -u '$url' -q k --json | jq -e '.done == 20'"
	end_process "$a" KILL
	ln -f "$replica" a.sock
	wait_until 30 bash -c "timeout 5 sp-xq stats -u '$url' -q k --json | jq -e '.done == 20 and .depth == 0 and .delayed == 0'"
	# Each at least once; those whose end the replica had missed twice.
	[[ $(sort -un runs | wc -l) -eq 20 ]]
	[[ $(sort -n runs | uniq -d | wc -l) -ge 9 && $(sort -n runs | uniq -d | sort -n | head -n 1) -gt 9 ]]
	timeout 10 xargs -n 1 sp-xq result -u "$url" -q k < <(jq -r .id ids)
	gone "$b" && return 1
	grep -q 'a failover what the replica had not seen' "$ROOT/man/sp-xq.1"
}

@test "SCRIPT FLUSH again and again while workers work is not noticed" {
	seq 400 | xq add >/dev/null
	(while sleep 0.03; do R SCRIPT FLUSH; done) >/dev/null 2>&1 3>&- 4>&- &
	PIDS+=($!)
	run -0 work -j 2 --batch 5 -- sh -c 'cat >>runs'
	[[ $output == '' ]]
	diff <(sort -n runs) <(seq 400)
	stats_are '[0,0,400]'
}

@test "a queue name that is another type: every command says so in one line with 65" {
	local verb
	R SET "$TAG:medium" x
	for verb in 'add 1' take 'work --drain -- true' stats; do
		# shellcheck disable=SC2086 # words
		run -65 xq $verb
		[[ $output == *WRONGTYPE* && $output == *"queue $Q"* && ${#lines[@]} -eq 1 ]] || { echo "$verb: $output" >&2; return 1; }
	done
	R DEL "$TAG:medium"
	xq add 1 >/dev/null
	R SET "$TAG:running" x
	run -65 xq take
	[[ $output == *WRONGTYPE* ]]
	# A script that fails half-way is not undone: what it had read is an orphan, which doctor finds.
	R DEL "$TAG:running"
	run -1 xq doctor --fix
	[[ $output == *'orphans: 1 '* ]]
	[[ $(xq take | jq .job) == 1 ]]
}

# --- Jobs that misbehave

@test "a job that closes all its descriptors, at once or one by one, is waited for and judged by its status" {
	local id
	id=$(add 1)
	run -0 work -- sh -c 'exec 0<&- 1>&- 2>&- 3>&-; sleep 0.3; touch late'
	[[ -e late ]]
	state_is "$id" done
	add 2 >/dev/null
	run -1 work --retries 0 -- sh -c 'exec 3>&-; exec 1>&-; sleep 0.1; exec 0<&-; exit 7'
	[[ $(xq dead list | jq '.history[-1].status') -eq 7 ]]
}

@test "a kept command that closes its output without ending does not hold its jobs for ever: --hard" {
	add 1 >/dev/null
	SECONDS=0
	run -1 work --retries 0 --hard 500ms --pipe -- sh -c 'exec 1>&-; sleep 60'
	((SECONDS < 15))
	[[ $(xq dead list | jq -r '.history[-1].reason') == *--hard* ]]
}

@test "a job that fills its standard output: read to the end, kept to the bound, nobody is blocked" {
	local id
	id=$(add 1)
	run -0 work -- sh -c 'head -c 50000000 /dev/zero | tr "\0" x; echo end >ended'
	[[ -e ended ]]
	xq result "$id" | jq -e 'length == 524288'
}

@test "a job that ignores TERM is killed behind the grace, with grandchildren that ignore it, too" {
	local id
	id=$(add 1)
	worker w --grace 300ms -- sh -c 'trap "" TERM; sh -c "trap \"\" TERM; sleep 60 & echo \$! >grandchild; while :; do sleep 0.1; done" & while :; do sleep 0.1; done'
	wait_until 10 test -s grandchild
	xq cancel "$id" >/dev/null
	wait_until 10 gone "$(<grandchild)"
	wait_until 10 state_is "$id" cancelled
}

@test "payloads of one byte, of 1 MiB, over the cap, and what is not JSON go through a worker as they are" {
	local entry
	echo 7 | xq add >/dev/null
	{ printf '"'; head -c 1048574 /dev/zero | tr '\0' y; printf '"\n'; } | xq add >/dev/null
	run -65 xq add < <(printf '"'; head -c 1048575 /dev/zero | tr '\0' y; printf '"\n')
	run -65 xq add <<<'no JSON'
	# Somebody else's entries need not be JSON, nor one line.
	entry=$(R XADD "$TAG:medium" '*' j 'not json')
	R XADD "$TAG:medium" '*' other 'fields here' >/dev/null
	run -0 work -- sh -c 'cat >"got.$SP_JOB_ID"; wc -c <"got.$SP_JOB_ID"'
	cat got.* | wc -l | grep -qx 4
	[[ $(cat got.* | wc -c) -eq $((2 + 1048577 + 9 + $(printf '{"other":"fields here"}\n' | wc -c))) ]]
	[[ $(<"got.m$entry") == 'not json' ]]
	stats_are '[0,0,4]'
}

@test "the clock of a worker's machine steps by hours: leases, limits and delays are kept all the same" {
	cat >step.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdio.h>
		#include <sys/time.h>
		#include <time.h>
		static long step(void)
		{
			long n = 0;
			FILE *f = fopen("step", "r");
			if (f != NULL) {
				if (fscanf(f, "%ld", &n) != 1)
					n = 0;
				fclose(f);
			}
			return n;
		}
		int clock_gettime(clockid_t id, struct timespec *t)
		{
			int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
			int r = real(id, t);
			if (id == CLOCK_REALTIME)
				t->tv_sec += step();
			return r;
		}
		int gettimeofday(struct timeval *t, void *zone)
		{
			struct timespec now;
			(void)zone;
			clock_gettime(CLOCK_REALTIME, &now);
			t->tv_sec = now.tv_sec;
			t->tv_usec = now.tv_nsec / 1000;
			return 0;
		}
		time_t time(time_t *t)
		{
			struct timespec now;
			clock_gettime(CLOCK_REALTIME, &now);
			if (t != NULL)
				*t = now.tv_sec;
			return now.tv_sec;
		}
	END
	cc -shared -fPIC -o step.so step.c -ldl
	echo 0 >step
	seq 6 | xq add >/dev/null
	xq add --delay 1s 7 >/dev/null
	ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 LD_PRELOAD=$PWD/step.so \
		bg w sp-xq work -q "$Q" -j 2 --lease 500ms --soft 3s -- sh -c 'unset LD_PRELOAD; read -r n; sleep 0.7; echo "$n" >>runs'
	ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 LD_PRELOAD=$PWD/step.so \
		bg e sp-xq every -q "$Q" --name steps 1s '"tick"'
	wait_until 10 lines runs 1
	echo 7200 >step
	wait_until 10 lines runs 3
	echo -86400 >step
	wait_until 20 bash -c '[[ $(grep -c "^[1-7]$" runs) -eq 7 ]]'
	sleep 1
	# Each ran once, no lease was lost; a schedule goes by the server's clock.
	[[ $(grep -v tick runs | sort -n | paste -sd' ') == '1 2 3 4 5 6 7' ]]
	run ! grep -q 'lease is lost' w.err
	awk -F'[:}]' 'NR > 1 && $NF == "" { t = $(NF - 1); if (last && t - last != 1000) exit 1; last = t }' e.out
	[[ $(wc -l <e.out) -ge 3 && $(wc -l <e.out) -le 30 ]]
	# The shim works at all.
	[[ $(LD_PRELOAD=$PWD/step.so date +%s) -lt $(($(date +%s) - 80000)) ]]
}
