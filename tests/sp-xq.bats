#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-xq: options, output and statuses of the commands that people and loops use by hand.

load helpers
load xq

verbs() {
	sp-xq --help | sed -n 's/^.* sp-xq \([a-z]*\) .*/\1/p'
}

@test "each command has a --help of its own, and misuse is 64" {
	local verb
	for verb in $(verbs); do
		run -0 sp-xq "$verb" --help
		[[ $output == "usage: sp-xq $verb"* ]]
		run -64 sp-xq "$verb" --no-such-option
	done
	[[ -n ${verb-} ]]
	run -64 sp-xq
	run -64 sp-xq nonsense
	[[ $output == *'"nonsense" is not one of its commands'* ]]
}

@test "each option of each command is in the manual page, and the other way round" {
	local verb
	for verb in $(verbs); do
		sp-xq "$verb" --help | grep -oE '^ +(-., )? *--[a-z-]+' | grep -oE -- '--[a-z-]+'
	done | sort -u >help
	grep -oE 'Fl Fl [a-z-]+' "$ROOT/man/sp-xq.1" | sed 's/Fl Fl /--/' | sort -u >page
	diff help page
	[[ $(wc -l <help) -gt 30 ]]
}

@test "add prints an id for each job, and take gives the jobs in their order, as they came" {
	printf '%s\n' '{"n":1}' '[2, "zwei"]' '"3"' 4 'null' | xq add >ids
	[[ $(jq -r .id ids | sort -u | wc -l) -eq 5 ]]
	xq take -n 10 >jobs
	[[ $(jq -c .job jobs | paste -sd' ') == '{"n":1} [2,"zwei"] "3" 4 null' ]]
	diff <(jq -r .id ids) <(jq -r .id jobs)
	jq -e -s 'all(.attempt == 1 and .queue == "'"$Q"'")' jobs
	xq ack <jobs
	run -1 xq take
}

@test "add takes jobs from its operands" {
	xq add 1 '{"two":2}' | jq -s -e 'length == 2'
	run -65 xq add '{"a":1}' '{broken'
	[[ $output == *'job 2: not JSON'* ]]
	[[ $(xq take -n 9 | jq -c .job | paste -sd' ') == '1 {"two":2} {"a":1}' ]]
}

@test "a bad line is 65 and named; those in front of it are added" {
	run -65 xq add < <(printf '1\n\n2\nnot json\n3\n')
	[[ $output == *'line 4: not JSON'* ]]
	[[ $(xq take -n 9 | jq -c .job | paste -sd' ') == '1 2' ]]
}

@test "payloads of one byte, of 1 MiB, and over the cap" {
	echo 7 | xq add
	{ printf '"'; head -c 1048574 /dev/zero | tr '\0' x; printf '"\n'; } >big
	xq add <big
	xq take -n 2 >jobs
	[[ $(sed -n 1p jobs | jq .job) == 7 ]]
	[[ $(sed -n 2p jobs | jq -r '.job | length') -eq 1048574 ]]
	jq -c '.result = .job' jobs | xq ack
	{ printf '"'; head -c 1048575 /dev/zero | tr '\0' x; printf '"\n'; } >bigger
	run -65 xq add <bigger
	[[ $output == *'line 1:'* ]]
	run -1 xq take
}

@test "--id: the same id is added once, also while it runs and after it is done" {
	[[ $(xq add --id order:7 1) == '{"id":"order:7"}' ]]
	[[ $(xq add --id order:7 2) == '{"id":"order:7","duplicate":true}' ]]
	xq take >job
	[[ $(xq add --id order:7 3) == *duplicate* ]]
	xq ack <job
	[[ $(xq add --id order:7 4) == *duplicate* ]]
	run -1 xq take
	run -65 xq add --id two 1 2
	run -64 xq add --id 'a b' 1
	run -64 xq add --id m123-4 1
}

@test "--unique keeps others away for --unique-for, whatever becomes of the job" {
	local id
	id=$(add --unique k --unique-for 1s 1)
	[[ $(xq add --unique k --unique-for 1s 2) == "{\"id\":\"$id\",\"duplicate\":true}" ]]
	[[ $(xq add --unique other --unique-for 1s 3) != *duplicate* ]]
	wait_until 10 bash -c "! timeout 5 sp-xq add -q $Q --unique k --unique-for 1s 4 | grep duplicate"
	run -64 xq add --unique k 1
	run -64 xq add --unique-for 1s 1
}

@test "--delay and --at: not before their time, and then at once" {
	xq add --delay 400ms '"late"'
	xq add --at "$(date -u -d '+2 seconds' +%FT%TZ)" '"later"'
	run -1 xq take
	[[ $(xq stats --json | jq .delayed) -eq 2 ]]
	[[ $(xq take --block 10s | jq -r .job) == late ]]
	[[ $(xq take --block 10s | jq -r .job) == later ]]
	[[ $(xq add --at 1 '"past"' && xq take | jq -r .job) == *past ]]
	run -64 xq add --at tomorrow 1
	run -64 xq add --at 1 --delay 1s 1
}

@test "take --block waits without polling, and ends with 75" {
	bg taker timeout 20 sp-xq take -q "$Q" --block 15s
	wait_until 10 bash -c "redis-cli -s '$SOCKET' CLIENT LIST | grep -q 'flags=b'"
	xq add '"now"'
	ends "$bg_pid" 5
	[[ $status -eq 0 && $(jq -r .job taker.out) == now ]]
	run -75 xq take --block 200ms
}

@test "take --block: a job that is on its way when the wait ends is not lost to nobody" {
	own_redis "$PWD/r" --enable-debug-command yes
	export REDIS_URL=$own_url
	xq add 7 >/dev/null
	redis-cli -s "$own_socket" DEBUG SLEEP 1.5 >slept 2>&1 3>&- &
	sleep 0.2
	xq take --block 300ms >taken
	jq -e ".job == 7" taken
	run -75 xq take --block 300ms
}

@test "nack: again after --delay, without an attempt by --release, dead by --dead" {
	xq add 1
	xq take | xq nack --delay 0
	[[ $(xq take | tee job | jq .attempt) -eq 2 ]]
	xq nack --release <job
	[[ $(xq take | tee job | jq .attempt) -eq 2 ]]
	xq nack --delay 100ms <job
	[[ $(xq take --block 5s | tee job | jq .attempt) -eq 3 ]]
	xq nack --dead --reason 'so be it' <job
	run -1 xq take
	[[ $(xq dead | jq -r '.history[-1].reason') == 'so be it' ]]
	[[ $(xq dead | jq '.history | length') -eq 3 ]]
	run -64 xq nack --dead --release
}

@test "the last attempt's nack is death; --retries of the job go before those of the worker" {
	xq add --retries 1 1
	xq take | xq nack --delay 0
	xq take | xq nack --delay 0
	[[ $(xq stats --json | jq -c '[.dead, .died, .retried]') == '[1,1,1]' ]]
	xq add 2
	xq take --retries 0 | xq nack --retries 0
	[[ $(xq stats --json | jq .dead) -eq 2 ]]
}

@test "nack without a delay backs off, twice as long each time, by the server's clock" {
	local due before
	xq add 1
	before=$EPOCHREALTIME
	xq take | xq nack
	due=$(xq progress "$(R ZRANGE "$TAG:delayed" 0 0)" | jq .due)
	jq -n -e "$due - $before > 0.4 and $due - now <= 1.1"
}

@test "extend keeps a job; its lease's end gives it to another" {
	xq add 1
	xq take --lease 300ms >job
	xq extend 1m <job
	sleep 0.4
	run -1 xq take
	xq extend 100ms <job
	[[ $(xq take --block 5s | jq .attempt) -eq 2 ]]
	run -1 xq extend 1m <job
	run -64 xq extend
	run -64 xq extend soon
}

@test "receipts: unknown members pass, what is no receipt is 65 and named" {
	xq add 1 2
	xq take -n 2 | jq -c '. + {mine: {deep: [1]}}' >jobs
	run -65 xq ack < <(head -n 1 jobs && echo '{"id":"x"}')
	[[ $output == *'line 2: no member "receipt"'* ]]
	run -65 xq ack <<<'{"receipt":"m1-1"}'
	run -65 xq ack <<<'{"receipt":"m1-1/0"}'
	run -65 xq ack <<<'nonsense'
	run -65 sp-xq ack -q "other$Q" <jobs
	[[ $output == *"queue $Q"* ]]
	xq ack < <(tail -n 1 jobs)
	[[ $(xq stats --json | jq .done) -eq 2 ]]
}

@test "wait blocks until the end and prints the result; result prints it alone" {
	local id
	id=$(add 1)
	bg waiter timeout 20 sp-xq wait -q "$Q" "$id"
	wait_until 10 subscribed "$TAG:ended"
	run -1 xq result "$id"
	xq take | jq -c '.result = {"answer": 42}' | xq ack
	ends "$bg_pid" 5
	[[ $status -eq 0 && $(jq -c '[.state, .result.answer]' waiter.out) == '["done",42]' ]]
	[[ $(xq result "$id") == '{"answer": 42}' || $(xq result "$id") == '{"answer":42}' ]]
	xq wait "$id"
	run -75 xq wait -w 200ms "$(add 2)"
	run -1 xq wait nobody
	[[ $output == *unknown* ]]
	run -64 xq wait
}

@test "wait ends with 1 when a job died" {
	local id
	id=$(add 1)
	bg waiter timeout 20 sp-xq wait -q "$Q" "$id"
	wait_until 10 subscribed "$TAG:ended"
	xq take | xq nack --dead
	ends "$bg_pid" 5
	[[ $status -eq 1 && $(jq -r .state waiter.out) == dead ]]
}

@test "cancel removes what waits or is delayed, and tells the worker of what runs" {
	local waiting delayed running
	waiting=$(add 1) delayed=$(add --delay 1h 2)
	[[ $(xq cancel "$waiting" "$delayed" | jq -r .state | paste -sd' ') == 'cancelled cancelled' ]]
	run -1 xq take
	[[ $(xq stats --json | jq -c '[.depth, .delayed, .cancelled]') == '[0,0,2]' ]]
	running=$(add 3)
	xq take >job
	[[ $(xq cancel "$running" | jq -r .state) == cancelling ]]
	[[ $(R LRANGE "$TAG:to:hand" 0 -1) == "cancel $(jq -r .receipt job | tr / ' ')" ]]
	run -1 xq extend 1m <job
	[[ $output == *cancel* ]]
	xq nack <job
	[[ $(xq wait "$running" | jq -r .state) == cancelled ]]
	[[ $(xq progress "$running" | jq -r .state) == cancelled ]]
	run -1 xq cancel "$running" nobody
}

@test "cancel takes any number of ids" {
	seq 4500 | xq add | jq -r .id >ids
	xargs -n 4500 timeout 20 sp-xq cancel -q "$Q" <ids | jq -e -s 'length == 4500 and all(.state == "cancelled")'
	xq progress "$(head -n 1 ids)" "$(tail -n 1 ids)" | jq -e -s 'all(.state == "cancelled")'
}

@test "pause: nobody takes; resume wakes who waits; purge drops what waits and what is delayed" {
	xq pause
	xq add 1
	run -1 xq take
	[[ $output == *paused* ]]
	bg taker timeout 20 sp-xq take -q "$Q" --block 15s
	wait_until 10 bash -c "redis-cli -s '$SOCKET' CLIENT LIST | grep -q 'flags=b'"
	xq resume
	ends "$bg_pid" 5
	[[ $status -eq 0 ]]
	seq 2500 | xq add >/dev/null
	xq add --delay 1h 1
	run -0 xq purge
	[[ $output == *'dropped 2501'* ]]
	[[ $(xq stats --json | jq -c '[.depth, .delayed, .running]') == '[1,0,1]' ]]
	[[ $(R EXISTS "$TAG:bodies") -eq 0 ]]
}

@test "stats: depth is lag and pending; a table, JSON, and again and again" {
	seq 5 | xq add -P high >/dev/null
	xq add 6 7
	xq take -n 2 --strict >jobs
	xq stats --json >stats
	jq -e '.depth == 7 and .waiting == 5 and .running == 2' stats
	jq -e '.priorities.high == {lag: 3, pending: 2, oldest_s: .priorities.high.oldest_s}' stats
	xq ack <jobs
	xq stats --json | jq -e '.done == 2 and .waiting_ms.p50 >= 0 and .running_ms.p99 >= 0 and .per_second.done > 0'
	run -0 xq stats
	[[ $output == "queue $Q: 5 waiting, 0 running"* ]]
	bg watch timeout 20 sp-xq stats -q "$Q" --json --watch 50ms
	wait_until 10 lines watch.out 3
	run -64 xq stats what
}

@test "pending lists what is taken, workers who works" {
	xq add 1 2
	xq take -n 2 --consumer me >jobs
	xq pending >pending
	jq -s -e 'length == 2 and all(.worker == "me" and .attempt == 1 and .lease_s > 1)' pending
	xq ack <pending
	[[ -z $(xq pending) ]]
	[[ -z $(xq workers) ]]
	run -64 xq take --consumer 'a b'
}

@test "dead as a filter: list, jq, retry and drop" {
	seq 6 | xq add >/dev/null
	xq take -n 6 | jq -c 'select(.job <= 5)' | xq nack --dead
	[[ $(xq dead list | jq -c .job | paste -sd' ') == '1 2 3 4 5' ]]
	[[ $(xq dead -j '.job' | paste -sd' ') == '1 2 3 4 5' ]]
	xq dead | jq -c 'select(.job == 2)' | xq dead retry
	[[ $(xq take | jq -c '[.job, .attempt]') == '[2,1]' ]]
	xq dead drop -j '.job > 3'
	[[ $(xq dead -j .job | paste -sd' ') == '1 3' ]]
	xq dead retry "$(xq dead -j .id | head -n 1 | jq -r .)"
	[[ $(xq take | jq .job) == 1 ]]
	run -1 xq dead drop nobody
	xq dead drop --all
	[[ -z $(xq dead) ]]
	run -64 xq dead bury
	run -64 xq dead drop x --all
	run -65 xq dead retry <<<'{"no":"id"}'
}

@test "a dead job that waits again keeps its history, also when it is put off before its first attempt" {
	local id
	id=$(xq add 1 | jq -r .id)
	xq take | xq nack --dead --reason first
	xq dead retry "$id"
	xq take | xq nack --release --delay 100ms
	xq take --block 5s | xq nack --dead --reason second
	[[ $(xq dead | jq -c '[.history[].reason]') == '["first","second"]' ]]
}

@test "--or-exec runs the job when Redis is away, and not when it is there" {
	run -0 sp-xq add -u "unix://$PWD/nobody" --connect-timeout 100ms --or-exec 'cat >>ran' '{"a":1}' '{"b":2}'
	[[ $(tr -d '\n ' <ran) == '{"a":1}{"b":2}' ]]
	printf '3\n4\n' | sp-xq add -u "unix://$PWD/nobody" --connect-timeout 100ms --or-exec 'cat; echo' >out 2>err
	[[ $(grep -c '[34]' out) -eq 2 ]]
	run -5 sp-xq add -u "unix://$PWD/nobody" --connect-timeout 100ms --or-exec 'exit 5' 1
	xq add --or-exec 'touch never' 1
	[[ ! -e never ]]
	run -69 sp-xq add -u "unix://$PWD/nobody" --connect-timeout 100ms 1
}

@test "--spool keeps jobs while Redis is away, and the next add delivers them once, in order" {
	own_redis "$PWD/r" --appendonly yes
	local url=$own_url
	end_process "$own_pid" TERM
	seq 300 | sp-xq add -u "$url" -q s --connect-timeout 100ms --spool f >ids 2>err
	says err 'kept in the spool'
	seq 301 600 | sp-xq add -u "$url" -q s --connect-timeout 100ms --spool f >ids 2>err
	[[ ! -s ids ]]
	own_redis "$PWD/r" --appendonly yes
	echo 601 | timeout 20 sp-xq add -u "$own_url" -q s --spool f >ids
	[[ $(wc -l <ids) -eq 601 ]]
	timeout 20 sp-xq take -u "$own_url" -q s -n 1000 | jq .job >jobs
	diff jobs <(seq 601)
	echo 602 | timeout 20 sp-xq add -u "$own_url" -q s --spool f >ids
	[[ $(wc -l <ids) -eq 1 ]]
	run -65 timeout 20 sp-xq add -u "$own_url" -q other --spool f 1
	run -64 sp-xq add --spool f --or-exec true 1
}

@test "a spool that is sent after a crash between Redis and the file adds nothing twice" {
	seq 300 | timeout 20 sp-xq add -q "$Q" -u "unix://$PWD/nobody" --connect-timeout 100ms --spool f 2>err
	cp f copy
	[[ $(xq add --spool f 301 | wc -l) -eq 301 ]]
	cp copy f
	xq add --spool f 302 >ids
	[[ $(R XLEN "$TAG:medium") -eq 302 ]]
}

@test "FIELD, pipes: the last line needs no newline, an empty input ends, operands leave a loop its input" {
	printf '1\n2' | xq add | wc -l | grep -qx 2
	run -0 xq add </dev/null
	printf '%s\n' a b c | while read -r _; do xq add 3 >/dev/null; echo x >>turns; done
	lines turns 3
	timeout 20 sp-xq work -q "$Q" --max-jobs 2 -- cat <<<'not for the jobs' 2>err
	[[ ! -s err ]]
}

@test "a closed output ends quietly" {
	echo 0 >status
	(seq 100000 | xq add 2>err || echo $? >status) | head -n 1 >out
	[[ $(<status) -eq 141 && ! -s err ]]
}
