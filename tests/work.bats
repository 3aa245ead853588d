#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-xq work: commands for jobs, and what becomes of jobs, commands and workers when something dies.

load helpers
load xq

dead() {
	xq dead list
}

@test "a job's output is its result: JSON as it is, anything else as a string, and nothing for none" {
	local id
	id=$(add '{"n":20}')
	work -- jq -c '.n + 22'
	[[ $(xq result "$id" | jq -c .) == 42 ]]
	id=$(add '"x"')
	work -- sh -c 'printf "two\nlines \377\n"'
	[[ $(xq result "$id" | jq -c .) == '"two\nlines �"' ]]
	id=$(add '"x"')
	work -- true
	[[ $(xq result "$id" | jq -c .) == null ]]
}

@test "a command knows its job by its environment" {
	local id
	id=$(add 7)
	work --soft 1m -- sh -c 'cat; env | grep ^SP_JOB_ | sort' >/dev/null
	xq result "$id" | jq -r . >seen
	[[ $(head -n 1 seen) == 7 ]]
	grep -qx "SP_JOB_ID=$id" seen
	grep -qx "SP_JOB_QUEUE=$Q" seen
	grep -qx SP_JOB_ATTEMPT=1 seen
	grep -qx SP_JOB_FD=3 seen
	grep -qE '^SP_JOB_TOKEN=[0-9]+$' seen
	local left=$(($(sed -n 's/^SP_JOB_DEADLINE=\([0-9]*\).*/\1/p' seen) - $(date +%s)))
	((left > 30 && left <= 60))
}

@test "status 65 buries a job at once, and what dead tells of it has the end of stderr" {
	add '{"bad":1}'
	run -1 work -- sh -c 'echo "no such page" >&2; exit 65'
	[[ $output == *'no such page'* ]]
	dead | jq -e '.job.bad == 1 and (.history | length) == 1' >&2
	[[ $(dead | jq -c '.history[-1] | [.status, .stderr]') == '[65,"no such page\n"]' ]]
}

@test "status 100 gives a job back without spending an attempt" {
	add 1
	work -- sh -c '[ -e later ] && echo $SP_JOB_ATTEMPT >attempt && exit 0; touch later; echo "retry-after 50ms" >&3; exit 100'
	[[ $(<attempt) == 1 ]]
}

@test "any other status is tried again, behind a growing wait, and the job dies with its last attempt" {
	add 1
	run -1 work --retries 2 --backoff 20ms..50ms -- sh -c 'echo "$SP_JOB_ATTEMPT" >>attempts; exit 3'
	[[ $(paste -sd' ' attempts) == '1 2 3' ]]
	dead | jq -e '(.history | length) == 3 and .history[2].attempt == 3'
}

@test "a signal is a failure, too" {
	add 1
	run -1 work --retries 0 -- sh -c 'kill -SEGV $$'
	[[ $(dead | jq -r '.history[-1].reason') == 'killed by signal 11'* ]]
}

@test "a command that does not exist ends the worker with 127, and its jobs go back" {
	local id
	id=$(add 1)
	run -127 work -- ./no-such-command
	[[ $output == *'./no-such-command: No such file or directory'* ]]
	wait_until 5 state_is "$id" waiting || state_is "$id" delayed
}

@test "-a makes arguments of a job, without a shell; a job that the filter fails on is buried" {
	add '{"f":"a b; $(touch oops)","n":3}'
	work -a '.f, .n' -- sh -c 'printf "%s|" "$@" >seen' sh
	[[ $(<seen) == 'a b; $(touch oops)|3|' && ! -e oops ]]
	add '[1]'
	run -1 work -a '.f' -- touch ran
	[[ ! -e ran ]]
	dead | jq -e '.job == [1]'
}

@test "-a with --batch: only the job that the filter fails on is buried" {
	add '{"u": "a"}' '"none"' '{"u": "b"}' '{"u": ["c", 1]}' >/dev/null
	run -1 work --batch 4 -a '.u | if type == "string" then . else .[0], error("no") end' -- \
		sh -c 'cat >lines; echo "$@" >args' sh
	[[ $(xq stats --json | jq -c '[.done, .died, .retried]') == '[2,2,0]' ]]
	[[ $(cat args) == 'a b' && $(jq -r .u lines | paste -sd' ') == 'a b' ]]
}

@test "notes: progress, a result that counts more than the output, and when to come back" {
	local id
	id=$(add 1)
	worker w -- sh -c 'echo "progress {\"page\":4}" >&3; while [ ! -e go ]; do sleep 0.02; done; echo "result [1,2]" >&3; echo out'
	wait_until 10 progress_is "$id" '{"page":4}'
	touch go
	wait_until 10 state_is "$id" done
	[[ $(xq result "$id" | jq -c .) == '[1,2]' ]]
}

progress_is() { # ID JSON
	[[ $(xq progress "$1" | jq -c .progress) == "$2" ]]
}

@test "garbage on SP_JOB_FD is told and hurts nobody" {
	local id
	id=$(add 1)
	run -0 work -- sh -c 'head -c 5000 /dev/urandom >&3; printf "\nprogress {oops\n" >&3; echo ok'
	[[ $(xq result "$id" | jq -r .) == ok ]]
}

@test "the soft limit asks, the hard one kills, and either counts as a failed attempt: FIELD, zombies" {
	add 1
	run -1 work --retries 0 --soft 100ms -- sh -c 'trap "exit 9" TERM; while :; do sleep 0.02; done'
	[[ $(dead | jq -r '.history[-1].reason') == *--soft* ]]
	xq dead drop --all >/dev/null
	add 2
	run -1 work --retries 0 --soft 100ms --hard 200ms -- sh -c 'trap "" TERM; while :; do sleep 0.02; done'
	[[ $(dead | jq -r '.history[-1].reason') == *--hard* ]]
}

@test "what a job leaves running in its group ends with it" {
	add 1
	work -- sh -c 'sleep 60 & echo $! >left; exit 0'
	wait_until 5 gone "$(<left)"
}

@test "jobs run -j at a time, and output of a hundred kilobytes blocks nobody" {
	seq 8 | xq add >/dev/null
	work -j 4 -- sh -c 'touch run.$$; ls run.* | wc -l >>most; head -c 100000 /dev/zero; sleep 0.2; rm run.$$' >/dev/null
	[[ $(sort -n most | tail -n 1) -gt 1 && $(sort -n most | tail -n 1) -le 4 ]]
}

@test "--pipe keeps one command for each slot, which answers each job with a line" {
	seq 50 | xq add | jq -r .id >ids
	work --pipe -j 2 -- sh -c 'echo $$ >>pids; while read -r n; do echo $((n * 2)); done'
	[[ $(sort -u pids | wc -l) -le 2 ]]
	paste <(xargs -n 1 sp-xq result -q "$Q" <ids | jq -c .) <(seq 2 2 100) | awk '$1 != $2 { exit 1 }'
}

@test "an answer may say how the job failed" {
	add 1
	add 2
	add 3
	run -1 work --pipe --retries 1 --backoff 20ms..20ms -- \
		jq -c --unbuffered 'if . == 1 then {sp: {status: 65}} elif . == 2 then {sp: {status: 1}} else . end'
	[[ $(dead | jq -c '[.job, (.history | length)]' | sort | paste -sd' ') == '[1,1] [2,2]' ]]
}

@test "--batch gives several jobs to one command, also to one that is kept" {
	seq 10 | xq add >/dev/null
	work --batch 5 -- sh -c 'wc -l >>sizes'
	[[ $(awk '{ n += $1 } $1 > 5 { bad = 1 } END { print n, bad + 0, NR < 10 }' sizes) == '10 0 1' ]]
	seq 10 | xq add | jq -r .id >ids
	work --batch 5 --pipe -- cat
	[[ $(xargs -n 1 sp-xq result -q "$Q" <ids | jq -c . | paste -sd' ') == '1 2 3 4 5 6 7 8 9 10' ]]
}

@test "a kept command that dies in mid-batch has done what it has answered" {
	seq 4 | xq add | jq -r .id >ids
	run -0 work --batch 4 --pipe --backoff 20ms..20ms -- sh -c 'while read -r n; do echo "$n"; [ -e died ] || { touch died; exit 1; }; done'
	[[ $(xargs -n 1 sp-xq result -q "$Q" <ids | jq -c . | paste -sd' ') == '1 2 3 4' ]]
}

@test "a kept command that was sent TERM and answers all the same is not given the next job" {
	add 1 2 3 >/dev/null
	work --pipe --soft 300ms --backoff 20ms..20ms -- bash -c 'trap "late=1" TERM
		while read -r n; do [ "$n" != 1 ] || sleep 5; echo "$n"; [ -z "$late" ] || { sleep 0.1; exit 0; }; done'
	[[ $(xq stats --json | jq -c '[.done, .retried, .died]') == '[3,0,0]' ]]
}

@test "a kept command that leaves after some jobs costs none an attempt; one that reads none does" {
	seq 20 | xq add >/dev/null
	work --pipe -j 2 -- sed -u 2q
	[[ $(xq stats --json | jq -c '[.done, .retried]') == '[20,0]' ]]
	add 21
	run -1 work --pipe --retries 1 --backoff 20ms..20ms -- true
	[[ $(dead | jq -c '[.job, (.history | length)]') == '[21,2]' ]]
}

@test "several queues get their turns" {
	seq 20 | xq add >/dev/null
	seq 20 | sp-xq add -q "$Q-b" >/dev/null
	timeout 20 sp-xq work --drain -q "$Q" -q "$Q-b" --max-jobs 20 -- sh -c 'echo "$SP_JOB_QUEUE" >>seen' </dev/null
	[[ $(grep -cx "$Q" seen) -ge 5 && $(grep -cx "$Q-b" seen) -ge 5 ]]
}

@test "--max-jobs leaves after so many, and the rest waits" {
	seq 10 | xq add >/dev/null
	timeout 20 sp-xq work -q "$Q" --max-jobs 3 -j 2 -- sh -c 'echo x >>seen' </dev/null
	[[ $(wc -l <seen) -eq 3 ]]
	[[ $(xq stats --json | jq .waiting) -eq 7 ]]
}

@test "an idle worker starts a job that comes, and one of a paused queue waits until it is resumed" {
	worker w -- sh -c 'date +%s%N >>started'
	wait_until 10 idle
	add 1
	wait_until 10 lines started 1
	xq pause
	add 2
	run ! wait_until 1 lines started 2
	xq resume
	wait_until 10 lines started 2
}

idle() { # a worker listens
	R CLIENT LIST | grep -q "cmd=blpop"
}

@test "TERM lets what runs end, and takes no more" {
	seq 5 | xq add >/dev/null
	worker w -- sh -c 'touch begun; sleep 0.5; echo x >>seen'
	wait_until 10 test -e begun
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[[ $status -eq 0 && $(wc -l <seen) -eq 1 ]]
	[[ $(xq stats --json | jq .waiting) -eq 4 ]]
}

@test "what does not end within the grace is killed and given back, no attempt spent" {
	local id
	id=$(add 1)
	worker w --grace 200ms -- sh -c 'trap "" TERM; touch begun; while :; do sleep 0.02; done'
	wait_until 10 test -e begun
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[[ $status -eq 0 ]]
	work -- sh -c 'echo $SP_JOB_ATTEMPT >attempt'
	[[ $(<attempt) == 1 ]]
}

@test "a limit that ends within the grace of a worker that is stopped is not the job's fault" {
	add 1 >/dev/null
	worker w --grace 1s --soft 1500ms -- bash -c 'touch runs; trap "sleep 0.8; exit 1" TERM; while :; do sleep 0.05; done'
	wait_until 10 test -e runs
	sleep 0.2
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[[ $(xq stats --json | jq -c '[.waiting, .retried]') == '[1,0]' ]]
	xq take | jq -e '.attempt == 1'
}

@test "cancel kills a job that runs, with its group" {
	local id
	id=$(add 1)
	worker w --grace 200ms -- sh -c 'sleep 60 & echo $! >child; wait'
	wait_until 10 test -s child
	xq cancel "$id"
	wait_until 10 state_is "$id" cancelled
	wait_until 10 gone "$(<child)"
}

@test "a job that is cancelled while it waits in a worker's hands does not run" {
	local id
	(seq 300; echo '"long"'; seq 301 400) | xq add >/dev/null
	worker w --pipe -- sh -c 'while read -r n; do case $n in
		*long*) touch long; until [ -e go ]; do sleep 0.05; done;; esac; echo "$n" >>ran; echo "$n"; done'
	wait_until 20 test -e long
	wait_until 5 bash -c "[[ \$(timeout 5 sp-xq pending -q '$Q' | wc -l) -ge 20 ]]"
	id=$(xq pending | jq -r .id | tail -n 1)
	xq cancel "$id" | jq -e '.state == "cancelling"'
	touch go
	run -1 xq wait "$id"
	[[ $(jq -r .state <<<"$output") == cancelled ]]
	wait_until 10 bash -c '[[ $(wc -l <ran) -ge 400 ]]'
	[[ $(wc -l <ran) -eq 400 ]]
}

@test "a worker killed -9 takes its jobs' commands with it, and another runs them again" {
	local id
	id=$(add 1)
	worker w --lease 500ms -- sh -c 'sleep 60 & echo $! >child; wait'
	wait_until 10 test -s child
	kill -KILL "$bg_pid"
	wait_until 10 gone "$(<child)"
	worker other -- sh -c 'echo $SP_JOB_ATTEMPT >attempt'
	wait_until 20 test -s attempt
	[[ $(<attempt) == 2 ]]
}

@test "a worker stopped beyond its lease changes nothing any more: FIELD, double runs, stale workers" {
	local id
	id=$(add 1)
	worker old --lease 500ms -- sh -c 'touch begun; while [ ! -e go ]; do sleep 0.02; done; echo old'
	local old=$bg_pid
	wait_until 10 test -e begun
	kill -STOP "$old"
	wait_until 20 sh -c "timeout 5 sp-xq take -q '$Q' >taken"
	touch go
	kill -CONT "$old"
	wait_until 10 says old.err 'lease is lost'
	state_is "$id" running
	jq -c '. + {result: "new"}' taken | xq ack
	wait_until 10 state_is "$id" done
	[[ $(xq result "$id" | jq -r .) == new ]]
	end_process "$old" TERM
}

@test "a job longer than its lease is renewed, and runs once: FIELD, visibility timeout" {
	add 1
	worker one --lease 400ms -- sh -c 'echo run >>runs; sleep 2'
	worker two --lease 400ms -- sh -c 'echo run >>runs; sleep 2'
	wait_until 10 test -s runs
	sleep 1.5
	[[ $(wc -l <runs) -eq 1 ]]
}

@test "all jobs of a batch keep their leases, though they were taken in one call" {
	seq 5 | xq add >/dev/null
	worker one --lease 400ms --batch 5 -- sh -c 'cat >>runs; sleep 2'
	wait_until 10 lines runs 5
	worker two --lease 400ms --batch 5 -- sh -c 'cat >>runs; sleep 2'
	sleep 1.5
	[[ $(wc -l <runs) -eq 5 ]]
	! grep -q 'lease is lost' one.err
}

@test "a long job keeps its lease beside short ones that never end" {
	echo '"long"' | xq add >/dev/null
	seq 400 | xq add >/dev/null
	worker one --lease 600ms -j 2 -- sh -c 'read -r job; [ "$job" = \"long\" ] || exit 0; echo run >>runs; sleep 2; echo end >>runs'
	wait_until 20 lines runs 2
	[[ $(paste -sd' ' runs) == 'run end' ]]
	! grep -q 'lease is lost' one.err
}

@test "what the first of a batch answered is done before the last has" {
	local id
	id=$(add 1)
	add 2 >/dev/null
	worker w --pipe --batch 2 -- sh -c 'read -r a; read -r b; echo 1; while [ ! -e go ]; do sleep 0.02; done; echo 2'
	wait_until 10 state_is "$id" done
	[[ $(xq stats --json | jq .running) -eq 1 ]]
	touch go
}

@test "--drain waits for the retries of its own, and not for what others put off" {
	add --delay 1h 1
	add 2
	SECONDS=0
	work --backoff 300ms -- sh -c '[ -e again ] && exit 0; touch again; exit 1'
	((SECONDS < 20))
	[[ $(xq stats --json | jq -c '[.delayed, .done]') == '[1,1]' ]]
}

@test "--drain leaves when the last job died, without waiting for the lease that it had" {
	add 1
	add 2
	SECONDS=0
	run -1 work -j 2 --retries 0 -- sh -c 'read -r job; sleep "0.$((job * 3))"; exit 3'
	((SECONDS < 10))
	[[ $(xq stats --json | jq .dead) -eq 2 ]]
}

@test "a high job that comes while others wait is the next that a worker runs: FIELD, priorities that prefetch defeats" {
	seq 5 | xq add -P low >/dev/null
	worker w --strict -- sh -c 'read -r job; echo "$job" >>order; while [ ! -e go ]; do sleep 0.02; done; sleep 0.03'
	wait_until 10 lines order 1
	xq add -P high 100 >/dev/null
	touch go
	wait_until 10 lines order 6
	[[ $(sed -n 2p order) == 100 ]]
}

@test "a worker that is idle now and then hears of each job at once: FIELD, deaf workers" {
	worker w -- sh -c 'read -r job; sleep "0.01$((job % 5))"; echo "$job" >>seen'
	local began=$SECONDS
	for i in $(seq 120); do
		echo "$i"
		sleep 0.02
	done | xq add >/dev/null
	wait_until 8 lines seen 120
	((SECONDS - began < 15))
}

@test "a kept command gets end of file and may say good-bye" {
	add 1
	work --pipe -- sh -c 'while read -r job; do echo "$job"; done; sleep 0.2; touch bye'
	[[ -e bye ]]
}

@test "a second TERM ends the worker at once, and its jobs' commands with it" {
	add 1
	worker w --grace 30s -- sh -c 'trap "" TERM; sleep 60 & echo $! >child; wait; sleep 60'
	wait_until 10 test -s child
	kill -TERM "$bg_pid"
	wait_until 5 says w.err 'takes no more'
	sleep 0.15 # sooner, it is the first one told twice
	kill -TERM "$bg_pid"
	ends "$bg_pid" 5
	[[ $status -eq 143 ]]
	wait_until 5 gone "$(<child)"
}

@test "under timeout(1), which tells its child and its group, what runs still has its grace" {
	local id
	id=$(add 1)
	run timeout 1 sp-xq work -q "$Q" --grace 20s -- sh -c 'trap "" TERM; sleep 1.5; echo fin'
	[[ $status -eq 124 ]]
	[[ $(xq result "$id") == *fin* ]]
}

@test "who escaped from the group and writes for ever holds nobody up" {
	add 1
	SECONDS=0
	work -- sh -c 'setsid sh -c "echo \$\$ >escaped; exec yes" & while [ ! -s escaped ]; do sleep 0.02; done'
	((SECONDS < 10))
	kill -KILL "$(<escaped)" || true
}

@test "progress that is told a thousand times is noted a few times, the last word for sure" {
	local id
	id=$(add 1)
	worker w -- sh -c 'for i in $(seq 1000); do echo "progress $i"; done >&3; while [ ! -e go ]; do sleep 0.02; done'
	wait_until 10 progress_is "$id" 1000
	touch go
	[[ ! -s w.err ]]
}

@test "a worker whose wake-ups do not arrive notices, and leaves with 69: FIELD, deaf workers" {
	add 1
	own_redis "$BATS_TEST_TMPDIR/r"
	bg proxy python3 "$ROOT/tests/deaf-proxy.py" "$own_socket" proxy.sock
	wait_until 10 test -S proxy.sock
	worker w -u "unix://$PWD/proxy.sock" --self-test 1s -- true
	wait_until 10 says proxy.out ready
	sleep 2
	gone "$bg_pid" && return 1
	touch deaf
	ends "$bg_pid" 15
	[[ $status -eq 69 ]]
	says w.err 'deaf'
}

@test "a job whose workers died twice runs alone: FIELD, poison jobs" {
	add '"poison"' --id poison
	local i
	for i in 1 2; do
		rm -f begun
		worker "w$i" --lease 300ms -- sh -c 'touch begun; sleep 60'
		wait_until 10 test -e begun
		kill -KILL "$bg_pid"
		sleep 0.5
	done
	seq 6 | xq add >/dev/null
	work -j 3 -- sh -c 'read -r job; touch "run.$$"; [ "$job" != \"poison\" ] || { sleep 0.3; ls run.* | wc -l >beside; }; sleep 0.1; rm "run.$$"'
	[[ $(<beside) -eq 1 ]]
}

@test "a worker reconnects: Redis killed and restarted while a job runs, FIELD, deaf workers" {
	own_redis "$BATS_TEST_TMPDIR/r" --appendonly yes --appendfsync always
	local REDIS_URL=$own_url port
	port=$(R -s "$own_socket" CONFIG GET port | tail -n 1)
	export REDIS_URL
	add 1
	worker w -- sh -c 'echo begun >>begun; while [ ! -e go ]; do sleep 0.02; done'
	wait_until 10 test -s begun
	end_process "$own_pid" KILL
	touch go
	own_port=$port own_redis "$BATS_TEST_TMPDIR/r" --appendonly yes --appendfsync always
	add 2
	wait_until 20 lines begun 2
	wait_until 10 stats_are '[0,0,2]'
}

@test "a worker without a terminal says nothing while all goes well" {
	seq 20 | xq add >/dev/null
	run -0 work -- true
	[[ $output == "" ]]
}

# --- every

@test "any number of replicas add each tick once, while some are killed and others come: FIELD, cron duplicates" {
	local i pids=()
	for i in 1 2 3 4 5; do
		bg "e$i" sp-xq every -q "$Q" 200ms '{"tick":1}'
		pids+=("$bg_pid")
	done
	for i in 1 2 3; do
		sleep 0.7
		end_process "${pids[$i]}" KILL
		bg "f$i" sp-xq every -q "$Q" 200ms '{"tick":1}'
	done
	for i in "${PIDS[@]}"; do
		end_process "$i" TERM
	done
	cat [ef]*.out | jq .tick | sort -n >ticks
	[[ $(wc -l <ticks) -ge 8 ]]
	[[ $(sort -u ticks | wc -l) -eq $(wc -l <ticks) ]]
	awk 'NR > 1 && $1 - last != 200 { exit 1 } { last = $1 }' ticks
	[[ $(xq stats --json | jq .waiting) -ge $(wc -l <ticks) ]]
}

@test "--catch-up: none, the last, or all of the ticks that were missed" {
	local how
	for how in skip one all; do
		timeout 10 sp-xq every -q "$Q" --name "$how" -n 1 100ms 1 >"$how.first"
	done
	sleep 1
	for how in skip one all; do
		timeout 10 sp-xq every -q "$Q" --name "$how" --catch-up "$how" -n 3 100ms 1 | jq .tick >"$how.ticks"
		jq .tick "$how.first" | cat - "$how.ticks" >"$how.all"
	done
	awk 'NR > 1 && $1 - last != 100 { exit 1 } { last = $1 }' all.all
	awk 'NR == 2 && $1 - last < 500 { exit 1 } { last = $1 }' one.all
	awk 'NR == 2 && $1 - last < 500 { exit 1 } { last = $1 }' skip.all
}

@test "--catch-up one: a replica that slept for many ticks adds the last of them" {
	bg every sp-xq every -q "$Q" --catch-up one 200ms 1
	wait_until 10 test -s every.out
	kill -STOP "$bg_pid"
	sleep 2
	: >every.out
	kill -CONT "$bg_pid"
	wait_until 10 bash -c '[[ $(wc -l <every.out) -ge 3 ]]'
	kill -TERM "$bg_pid"
	R HGET "$TAG:meta" added >added
	(($(<added) < 10))
}

@test "a schedule that is none is told" {
	run -64 sp-xq every -q "$Q" '61 * * * *' 1
	[[ $output == *'minute "61"'* ]]
	run -64 sp-xq every -q "$Q" 10ms 1
	run -65 sp-xq every -q "$Q" 1h '{oops'
	run -64 sp-xq every -q "$Q" 1h
}

# --- lock

@test "one holder at a time, and each waits for its turn" {
	local i
	for i in 1 2 3 4 5; do
		bg "l$i" sp-xq lock "$Q" -- sh -c 'echo in >>log; sleep 0.05; echo out >>log'
	done
	for i in "${PIDS[@]}"; do
		ends "$i" 20
		[[ $status -eq 0 ]]
	done
	[[ $(paste -sd' ' log) == 'in out in out in out in out in out' ]]
}

@test "lock ends with its command's status, and with 1 or -E when somebody else has it" {
	run -7 sp-xq lock "$Q" -- sh -c 'exit 7'
	bg holder sp-xq lock "$Q" -- sh -c 'touch held; sleep 30'
	wait_until 10 test -e held
	run -1 sp-xq lock -n "$Q" -- touch ran
	run -9 sp-xq lock -w 100ms -E 9 "$Q" -- touch ran
	[[ ! -e ran ]]
	run -127 sp-xq lock "$Q-other" -- ./no-such-command
}

@test "a lock's tokens grow, and a command may take it again from within" {
	sp-xq lock "$Q" -- sh -c 'echo "$SP_LOCK_TOKEN"; timeout 5 sp-xq lock '"$Q"' -- sh -c "echo \$SP_LOCK_TOKEN"' >tokens
	sp-xq lock "$Q" -- sh -c 'echo "$SP_LOCK_TOKEN"' >>tokens
	[[ $(sed -n 1p tokens) == "$(sed -n 2p tokens)" ]]
	(($(sed -n 3p tokens) > $(sed -n 1p tokens)))
}

@test "a lock's tokens grow also when Redis has lost the last ones, as a failover does" {
	local ns=ns$Q first
	first=$(sp-xq lock --namespace "$ns" a -- sh -c 'echo "$SP_LOCK_TOKEN"')
	R DEL "{$ns:lock}:fence"
	(($(sp-xq lock --namespace "$ns" b -- sh -c 'echo "$SP_LOCK_TOKEN"') > first))
	# Nor do they shrink when its clock is behind.
	R SET "{$ns:lock}:fence" 9000000000000000
	[[ $(sp-xq lock --namespace "$ns" b -- sh -c 'echo "$SP_LOCK_TOKEN"') == 9000000000000001 ]]
}

@test "a holder killed -9 loses the lock when its time to live is over; one that lives keeps it" {
	bg holder sp-xq lock --ttl 500ms "$Q" -- sh -c 'touch held; sleep 30'
	wait_until 10 test -e held
	sleep 1
	run -1 sp-xq lock -n "$Q" -- true
	kill -KILL "$bg_pid"
	run -0 timeout 10 sp-xq lock "$Q" -- true
}

@test "the command of a holder killed -9 ends with it, with all that it started" {
	bg holder sp-xq lock --ttl 500ms "$Q" -- sh -c 'sleep 60 & echo $! >child; wait'
	wait_until 10 test -s child
	kill -KILL "$bg_pid"
	wait_until 5 gone "$(<child)"
}

@test "a lost lock ends the command and its group with 75" {
	bg holder sp-xq lock --ttl 400ms --grace 200ms "$Q" -- sh -c 'trap "" TERM; sleep 60 & echo $! >child; wait; sleep 60'
	local holder=$bg_pid
	wait_until 10 test -s child
	R DEL "{sp:lock}:held:$Q"
	ends "$holder"
	[[ $status -eq 75 ]]
	says holder.err 'not ours any more'
	wait_until 5 gone "$(<child)"
}

@test "a holder that was stopped notices that its time is over" {
	bg holder sp-xq lock --ttl 400ms --grace 100ms "$Q" -- sh -c 'touch held; sleep 60'
	wait_until 10 test -e held
	kill -STOP "$bg_pid"
	timeout 10 sp-xq lock "$Q" -- sh -c 'touch taken; sleep 1' &
	PIDS+=($!)
	wait_until 10 test -e taken
	kill -CONT "${PIDS[0]}"
	ends "${PIDS[0]}"
	[[ $status -eq 75 ]]
}
