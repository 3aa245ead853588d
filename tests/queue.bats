#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# queue: what a script may trust: ownership, order, exactly one answer, and what users of other queues suffer
# from. The titles of the last part begin with the complaint.

load helpers
load xq

# Everything of the queue that could be changed, but for what passes by itself.
state() {
	local key
	for key in high medium low dead; do
		R XRANGE "$TAG:$key" - +
		R XPENDING "$TAG:$key" xq - + 100 2>&1 | sed -n '1~4p;2~4p;4~4p'
	done
	R HGETALL "$TAG:running"
	R ZRANGE "$TAG:leases" 0 -1 WITHSCORES
	R ZRANGE "$TAG:delayed" 0 -1 WITHSCORES
	R HGETALL "$TAG:jobs"
	R HGETALL "$TAG:progress"
	R HGET "$TAG:meta" done
}

# A job that was taken, lost its lease, and is now another's.
make_stale() {
	xq add '"mine"' >/dev/null
	xq take --lease 100ms --consumer first >stale
	xq take --block 10s --consumer second >fresh
	[[ $(jq .attempt fresh) -eq 2 ]]
	state >before
}

# How many jobs of each name.
shares() {
	jq -r .job | sort | uniq -c | awk '{print $1 $2}' | paste -sd' '
}

unchanged() {
	state >after
	diff before after
	xq ack <fresh
}

@test "a stale worker's renewal changes nothing" {
	make_stale
	run -1 xq extend 1h <stale
	[[ $output == *'not ours any more'* ]]
	unchanged
}

@test "a stale worker's acknowledgement changes nothing, nor does its result" {
	make_stale
	jq -c '.result = "stale"' stale >with
	run -1 xq ack <with
	unchanged
	jq -c '.result = "fresh"' fresh | xq ack
	[[ $(xq result "$(jq -r .id fresh)") == null ]]
}

@test "a stale worker's retry, burial and release change nothing" {
	make_stale
	run -1 xq nack <stale
	run -1 xq nack --dead <stale
	run -1 xq nack --release <stale
	unchanged
}

@test "a stale worker is told apart when it is the same consumer" {
	xq add 1
	xq take --lease 100ms >stale
	xq take --block 10s >fresh
	state >before
	run -1 xq ack <stale
	run -1 xq nack <stale
	unchanged
}

# --- The lease that the jobs of one take share

# Ten jobs in one take, whose lease is $1.
take_ten() {
	seq 10 | xq add >/dev/null
	xq take -n 10 --lease "$1" >ten
	[[ $(R ZCARD "$TAG:leases") -eq 1 && $(R HGET "$TAG:takes" "$(jq -rs '.[0].receipt / "/" | .[1]' ten)") -eq 10 ]]
}

# Nothing is left of jobs that were taken.
all_gone() {
	[[ $(R EXISTS "$TAG:leases" "$TAG:takes" "$TAG:progress" "$TAG:jobs") -eq 0 && $(R HLEN "$TAG:running") -le 1 ]]
	[[ $(R XLEN "$TAG:medium") -eq 0 && $(R XPENDING "$TAG:medium" xq | head -n 1) -eq 0 ]]
}

@test "a shared lease: those of a take that are acknowledged leave it, the others come back when it ends" {
	take_ten 3s
	sed -n '2p;5,8p' ten | xq ack
	sed -n '2p;5p' ten | xq ack
	[[ $(xq stats --json | jq -c '[.running, .done]') == '[5,5]' ]]
	wait_until 10 bash -c "sp-xq pending -q '$Q' | jq -se 'length == 5 and (map(.lease_s < 0) | all)'"
	[[ $(xq stats --json | jq -c '[.running, .waiting, .expired]') == '[0,5,0]' ]]
	xq take -n 3 >again
	xq take -n 10 >>again
	[[ $(jq -c '[.job, .attempt]' again | sort -V | paste -sd' ') == '[1,2] [3,2] [4,2] [9,2] [10,2]' ]]
	run -1 xq ack <ten
	xq ack <again
	all_gone
	[[ $(xq stats --json | jq -c '[.done, .expired]') == '[10,5]' ]]
}

@test "a shared lease: all of a take extended is one entry, some of it have their own from then on" {
	take_ten 20s
	xq extend 3s <ten
	[[ $(R ZCARD "$TAG:leases") -eq 1 ]]
	sed -n '1,4p' ten | xq extend 1h
	[[ $(R ZCARD "$TAG:leases") -eq 10 ]]
	[[ $(xq pending | jq -r 'select(.lease_s > 3000) | .receipt' | sort) == "$(sed -n 1,4p ten | jq -r .receipt | sort)" ]]
	[[ $(xq take -n 10 --block 20s | tee again | wc -l) -eq 6 ]]
	xq ack <again
	sed -n '1,4p' ten | xq ack
	all_gone
}

@test "a shared lease: extending one job twice in a call does not extend its neighbour" {
	seq 4 | xq add >/dev/null
	xq take -n 4 --lease 3s >jobs
	sed -n 3,4p jobs | xq ack
	sed -n '1p;1p' jobs | xq extend 1h
	[[ $(xq take -n 4 --block 20s | jq -c .job) == 2 ]]
}

@test "a shared lease: what is given back, buried or cancelled leaves its neighbours as they were" {
	take_ten 1h
	sed -n 1p ten | xq nack --release
	sed -n 2p ten | xq nack --dead
	sed -n 3p ten | xq nack --delay 1h
	xq cancel "$(sed -n 4p ten | jq -r .id)"
	run -1 sh -c 'sed -n 1,3p ten | sp-xq ack -q "$1"' - "$Q"
	[[ $(xq pending | jq -r 'select(.released) | .id') == "$(sed -n 1p ten | jq -r .id)" ]]
	[[ $(xq take | jq -c '[.job, .attempt]') == '[1,1]' ]]
	sed -n 4p ten | xq nack
	[[ $(xq progress "$(sed -n 4p ten | jq -r .id)" | jq -r .state) == cancelled ]]
	sed -n '5,10p' ten | xq ack
	[[ $(R ZCARD "$TAG:leases") -eq 1 && $(R EXISTS "$TAG:takes") -eq 0 ]]
}

@test "a shared lease: pending, progress, stats and doctor count its jobs" {
	take_ten 1h
	[[ $(xq pending | jq -s -c '[length, ([.[].receipt] | unique | length), (map(.lease_s > 3500) | all)]') == '[10,10,true]' ]]
	diff <(xq pending | jq -r .receipt) <(jq -r .receipt ten)
	xq progress "$(sed -n 7p ten | jq -r .id)" | jq -e '.state == "running"'
	run -0 xq doctor
	R DEL "$TAG:leases"
	run -1 xq doctor
	[[ $output == *'orphans: 10 '* ]]
	run -1 xq doctor --fix
	run -1 xq ack <ten
	xq take -n 10 | xq ack
	all_gone
}

@test "a shared lease: one that is taken twice, since its answer was lost, is the same" {
	local call=(EVALSHA x 1 "$TAG" me runrunrunrunrun0 1 5 60000 3 '')
	seq 5 | xq add >/dev/null
	call[1]=$(R SCRIPT LOAD "$(<"$SPOUT_BUILD/gen/xq_take.lua")")
	R "${call[@]}" >one
	R "${call[@]}" >two
	[[ $(grep -c . one) -eq 11 ]]
	diff <(grep -o '^m[0-9-]*' one) <(grep -o '^m[0-9-]*' two)
	[[ $(R ZCARD "$TAG:leases") -eq 1 ]]
}

# --- Time and repetition

@test "tokens grow with each attempt, and are never given twice" {
	local i
	xq add --retries 100 1
	for i in 1 2 3 4 5; do
		xq take >job
		jq -r '.receipt | split("/")[1]' job >>tokens
		xq nack --delay 0 <job
	done
	sort -n -u tokens | diff - tokens
	# A failover that lost the last token.
	R HSET "$TAG:meta" token 5
	xq take | jq -r '.receipt | split("/")[1]' >>tokens
	sort -n -u tokens | diff - tokens
}

@test "an acknowledged job does not run again, and its acknowledgement may be repeated" {
	xq add 1
	xq take >job
	xq ack <job
	xq ack <job
	[[ $(xq stats --json | jq -c '[.done, .depth]') == '[1,0]' ]]
	run -1 xq take
}

@test "after a retry the job is in one place, and the first delivery owns nothing" {
	xq add 1
	xq take >first
	xq nack --delay 0 <first
	[[ $(R XLEN "$TAG:medium") -eq 1 && $(R ZCARD "$TAG:leases") -eq 0 ]]
	xq take >second
	run -1 xq take
	run -1 xq ack <first
	xq ack <second
	[[ $(R XLEN "$TAG:medium") -eq 0 && $(R HLEN "$TAG:jobs") -eq 0 ]]
}

@test "priorities share 6:3:1, in calls of one and in calls of many; --strict takes the highest" {
	local p
	for p in high medium low; do
		yes "\"$p\"" | head -n 100 | xq add -P "$p" >/dev/null
	done
	for _ in {1..20}; do
		xq take
	done | shares >ones
	[[ $(<ones) == '12high 2low 6medium' ]]
	[[ $(xq take -n 50 | shares) == '30high 5low 15medium' ]]
	[[ $(xq take -n 60 --strict | shares) == '58high 2medium' ]]
	[[ $(xq take -n 500 | wc -l) -eq 170 ]]
}

@test "jobs of one priority come in their order" {
	seq 500 | xq add >/dev/null
	for _ in 1 2 3 4 5; do
		xq take -n 100 | tee -a jobs | xq ack
	done
	diff <(jq .job jobs) <(seq 500)
}

@test "SCRIPT FLUSH at any time is not noticed" {
	seq 100 | xq add >/dev/null
	R SCRIPT FLUSH
	xq take -n 50 >jobs
	R SCRIPT FLUSH
	xq ack <jobs
	R SCRIPT FLUSH
	seq 100 | xq add | wc -l
	[[ $(xq stats --json | jq .depth) -eq 150 ]]
}

@test "a queue whose key is of another type is 65, with one clear line" {
	R SET "$TAG:medium" x
	run -65 xq add 1
	[[ $output == *WRONGTYPE* && ${#lines[@]} -eq 1 ]]
	seq 30000 >many
	run -65 xq add <many
	[[ $output == *WRONGTYPE* && ${#lines[@]} -eq 1 ]]
	run -65 xq take
	run -65 xq stats
	R DEL "$TAG:medium"
	run -64 sp-xq add -q 'a:b' 1
}

@test "each id that add prints is its job's, also when a millisecond ends within a batch" {
	seq 20000 | xq add >ids
	R XRANGE "$TAG:medium" - + | sed -n '1~3p' | sed 's/^/m/' | diff - <(jq -r .id ids)
	R XRANGE "$TAG:medium" - + | sed -n '3~3p' | diff - <(seq 20000)
	[[ $(xq stats --json | jq -c '[.added, .depth]') == '[20000,20000]' ]]
}

@test "a transaction that comes again adds nothing, and tells what the first one told" {
	local bulk n once='' twice=''
	bulk=$(<"$SPOUT_BUILD/gen/xqbulk.lua")
	transaction() { # BATCH
		local i
		echo MULTI
		for i in {1..9}; do
			echo "XADD $TAG:medium * j $1-$i"
		done
		echo "EVAL \"${bulk//$'\n'/ }\" 1 $TAG runrunrunrunrun0 $1 60000 m 9"
		echo EXEC
	}
	for n in 1 2; do
		transaction 1 | R | tail -n 1 >"once$n"
		transaction 2 | R | tail -n 1 >"twice$n"
	done
	diff once1 once2
	diff twice1 twice2
	# MS-SEQ N, and once more when a millisecond ended meanwhile.
	[[ $(awk '{ for (i = 2; i <= NF; i += 2) n += $i; print n }' once1) -eq 9 && $(R XLEN "$TAG:medium") -eq 18 ]]
	# One that is older than what is remembered.
	transaction 65 | R >/dev/null
	[[ -z $(transaction 1 | R | tail -n 1) && $(R XLEN "$TAG:medium") -eq 27 ]]
	[[ $(R HGET "$TAG:meta" added) -eq 27 && $(R LLEN "$TAG:wake") -eq 8 ]]
}

@test "a user who may not say MULTI adds by the script; one who may not say XADD is told, and adds nothing" {
	local url
	own_redis "$PWD/r"
	url=redis://few:pw@127.0.0.1:$(redis-cli -s "$own_socket" CONFIG GET port | tail -n 1)
	redis-cli -s "$own_socket" ACL SETUSER few on '>pw' '~*' '&*' +@all -multi
	seq 50000 >many
	timeout 20 sp-xq add -u "$url" <many | wc -l
	[[ $(redis-cli -s "$own_socket" XLEN '{sp:q:default}:medium') -eq 50000 ]]
	[[ $(redis-cli -s "$own_socket" HGET '{sp:q:default}:meta' added) -eq 50000 ]]
	redis-cli -s "$own_socket" FLUSHALL
	redis-cli -s "$own_socket" ACL SETUSER few +@all -xadd
	run -77 timeout 10 sp-xq add -u "$url" <many
	[[ ${#lines[@]} -eq 1 && $(redis-cli -s "$own_socket" DBSIZE) -eq 0 ]]
}

@test "what Redis lost its answer to is not done twice: add" {
	own_redis "$PWD/r" --appendonly yes
	(while sleep 0.2; do
		redis-cli -s "$own_socket" CLIENT KILL TYPE normal SKIPME yes
	done) >/dev/null 2>&1 3>&- &
	PIDS+=($!)
	seq 60000 | timeout 50 sp-xq add -u "$own_url" -q k >ids 2>err
	end_process "${PIDS[-1]}" TERM
	[[ $(wc -l <ids) -eq 60000 && $(sort -u ids | wc -l) -eq 60000 ]]
	[[ $(redis-cli -s "$own_socket" XLEN '{sp:q:k}:medium') -eq 60000 ]]
}

@test "Redis killed -9 between and within the steps: each job that has an id is done once" {
	own_redis "$PWD/r" --appendonly yes --appendfsync always
	local port url=$own_url n=0 end
	port=$(redis-cli -s "$own_socket" CONFIG GET port | tail -n 1)
	bg adder timeout 50 sh -c "seq 20000 | sp-xq add -u '$url' -q k"
	local adder=$bg_pid
	for _ in 1 2 3; do
		sleep 0.2
		end_process "$own_pid" KILL
		own_port=$port own_redis "$PWD/r" --appendonly yes --appendfsync always
	done
	ends "$adder" 40
	[[ $status -eq 0 ]]
	end=$((SECONDS + 30))
	while ((n < 20000 && SECONDS < end)); do
		timeout 20 sp-xq take -u "$url" -q k -n 500 >jobs 2>>err || true
		if ((n == 4000 || n == 9000)); then
			end_process "$own_pid" KILL
			own_port=$port own_redis "$PWD/r" --appendonly yes --appendfsync always
		fi
		timeout 20 sp-xq ack -u "$url" -q k <jobs 2>>err
		cat jobs >>done
		n=$(wc -l <done)
	done
	diff <(jq -r .id adder.out | sort) <(jq -r .id done | sort)
	diff <(jq .job done) <(seq 20000)
	[[ $(sp-xq stats -u "$url" -q k --json | jq -c '[.depth, .running, .done]') == '[0,0,20000]' ]]
}

# --- FIELD.md, Queues

@test "deaf workers: one that waits hears of jobs after a restart of Redis" {
	own_redis "$PWD/r" --appendonly yes
	local port
	port=$(redis-cli -s "$own_socket" CONFIG GET port | tail -n 1)
	bg taker timeout 40 sp-xq take -u "$own_url" -q k --block 30s --give-up 30s
	wait_until 10 bash -c "redis-cli -s '$own_socket' CLIENT LIST | grep -q 'flags=b'"
	end_process "$own_pid" KILL
	own_port=$port own_redis "$PWD/r" --appendonly yes
	wait_until 15 bash -c "redis-cli -s '$own_socket' CLIENT LIST | grep -q 'flags=b'"
	timeout 10 sp-xq add -u "$own_url" -q k '"hear"'
	ends "$bg_pid" 10
	[[ $status -eq 0 && $(jq -r .job taker.out) == hear ]]
}

@test "double runs: a job longer than its first lease does not run again while it is renewed" {
	xq add 1
	xq take --lease 300ms >job
	for _ in 1 2 3 4; do
		xq extend 300ms <job
		run -1 xq take
		sleep 0.1
	done
	xq ack <job
}

@test "stuck for ever: a job whose taker is gone is found by the next take, without a janitor" {
	xq add 1
	xq take --lease 100ms --consumer gone >/dev/null
	[[ $(xq take --block 10s | jq -c '[.job, .attempt]') == '[1,2]' ]]
	[[ $(xq stats --json | jq .expired) -eq 1 ]]
}

@test "poison jobs: one whose takers die is dead after its attempts, with its history" {
	xq add --retries 2 '"poison"'
	for _ in 1 2 3; do
		xq take --lease 100ms --block 10s >/dev/null
	done
	run -75 xq take --block 500ms
	xq dead | jq -e '.job == "poison" and .history[-1].reason == "lease expired" and .history[-1].attempt == 3'
}

@test "priorities that prefetch defeats: a high job is the next, whatever was added before" {
	seq 1000 | xq add -P low >/dev/null
	xq take -n 5 >/dev/null
	xq add -P high '"urgent"'
	[[ $(xq take --strict | jq -r .job) == urgent ]]
}

# --- FIELD.md, Redis Streams

@test "XCLAIM and XACK have no owner check: ours do, and the server makes it" {
	make_stale
	# The same receipt with the newer token's neighbour, and with another entry.
	jq -c '.receipt |= sub("[0-9]$"; "0")' fresh | sed 's/0"/1"/' >forged
	jq -c '.receipt |= (split("/") | "\(.[0])/\(.[1] | tonumber + 1)")' fresh >forged
	run -1 xq ack <forged
	unchanged
}

@test "XAUTOCLAIM scans: expired leases are found by their deadline, in one look" {
	seq 2000 | xq add >/dev/null
	xq take -n 1000 --lease 1h >/dev/null
	xq take -n 500 --lease 100ms >/dev/null
	sleep 0.2
	R CONFIG RESETSTAT
	[[ $(xq take -n 1000 | wc -l) -eq 1000 ]]
	[[ $(R INFO commandstats | grep -c 'xautoclaim\|cmdstat_xpending') -eq 0 ]]
	[[ $(R INFO commandstats | sed -n 's/^cmdstat_zrangebyscore:calls=\([0-9]*\),.*/\1/p') -le 4 ]]
}

@test "MAXLEN trims pending jobs: only what is done is cut off, in whatever order it ends" {
	run ! grep -n "MAXLEN" "$ROOT"/lib/lua/xq*.lua
	seq 12000 | xq add >/dev/null
	[[ $(R XLEN "$TAG:medium") -eq 12000 ]]
	xq take -n 100 >first
	xq take -n 100 >second
	xq take -n 100 >third
	xq ack <second
	[[ $(R XLEN "$TAG:medium") -eq 11900 && $(R XPENDING "$TAG:medium" xq | head -n 1) -eq 200 ]]
	# Not in their order, and one stays.
	sed -n '100p;2,60p;61,99p' first | xq ack
	[[ $(R XLEN "$TAG:medium") -eq 11801 ]]
	R CONFIG RESETSTAT
	sed -n 1p first | xq ack
	shuf third | xq ack
	[[ $(R XLEN "$TAG:medium") -eq 11700 && $(R XPENDING "$TAG:medium" xq | head -n 1) -eq 0 ]]
	xq take -n 1000 | tee fourth | xq ack
	[[ $(R INFO commandstats | grep -c cmdstat_xtrim) -eq 1 ]]
	diff <(jq .job fourth) <(seq 301 1300)
	[[ $(R XLEN "$TAG:medium") -eq 10700 ]]
}

@test "MAXLEN trims pending jobs: who makes the group anew loses nothing by what is acknowledged afterwards" {
	seq 100 | xq add >/dev/null
	xq take -n 50 >old
	R XGROUP DESTROY "$TAG:medium" xq
	R XGROUP CREATE "$TAG:medium" xq 0
	xq take -n 10 >new
	sed -n '20,50p' old | xq ack
	[[ $(R XLEN "$TAG:medium") -eq 69 ]]
	xq ack <new
	[[ $(xq take -n 100 | jq .job | paste -sd' ') == "$(echo {11..19} {51..100})" ]]
}

@test "XACK and XDEL together: nothing stays in the stream, or anywhere, after all is done" {
	seq 1000 | xq add >/dev/null
	xq add --id mine --delay 10ms 1
	sleep 0.1
	xq take -n 1000 | xq ack
	xq take -n 1000 | xq ack
	[[ $(R XLEN "$TAG:medium") -eq 0 && $(R XPENDING "$TAG:medium" xq | head -n 1) -eq 0 ]]
	[[ $(R ZCARD "$TAG:leases") -eq 0 && $(R HLEN "$TAG:running") -le 1 ]]
	[[ $(R EXISTS "$TAG:jobs" "$TAG:bodies" "$TAG:delayed" "$TAG:progress") -eq 0 ]]
}

@test "XLEN is not the depth: lag and pending are told apart, also after a cancelled job" {
	seq 10 | xq add >ids
	xq cancel "$(sed -n 5p ids | jq -r .id)"
	xq take -n 3 >/dev/null
	xq stats --json | jq -e '.depth == 9 and .waiting == 6 and .running == 3 and .priorities.medium.lag == 6'
}

@test "DELCONSUMER destroys pending entries: doctor deletes only the names of those who hold nothing" {
	xq add 1 2
	xq take --consumer holder >/dev/null
	xq take --consumer idle | xq ack
	run -0 xq doctor --fix
	[[ $(R XPENDING "$TAG:medium" xq | head -n 1) -eq 1 ]]
	R XINFO CONSUMERS "$TAG:medium" xq | grep -qx holder
}

@test "consumer names leak: a worker takes its own with it, and one that died is cleared away by the others" {
	xq add 1 2 >/dev/null
	timeout 20 sp-xq work -q "$Q" --drain -- true </dev/null
	[[ -z $(R XINFO CONSUMERS "$TAG:medium" xq) ]]
	# Dead for an hour, as its last word tells; and one that holds a job.
	xq add 3 >/dev/null
	xq take --consumer holder >/dev/null
	run -1 xq take --consumer gone
	R XGROUP CREATECONSUMER "$TAG:medium" xq gone >/dev/null
	R HSET "$TAG:workers" gone '1000 {}' holder '1000 {}' >/dev/null
	R DEL "$TAG:swept" >/dev/null
	timeout 20 sp-xq work -q "$Q" --drain -- true </dev/null
	[[ $(R XINFO CONSUMERS "$TAG:medium" xq | sed -n 2p) == holder ]]
	[[ $(R XINFO CONSUMERS "$TAG:medium" xq | grep -c '^name$') -eq 1 ]]
	[[ $(R XPENDING "$TAG:medium" xq | head -n 1) -eq 1 ]]
}

@test "everysec loses up to 1 s on power loss, and another maxmemory-policy than noeviction loses jobs: doctor says so" {
	own_redis "$PWD/r" --appendonly no
	run -1 timeout 10 sp-xq doctor -u "$own_url"
	[[ $output == *'everysec loses up to 1 s on power loss'* ]]
	redis-cli -s "$own_socket" CONFIG SET appendonly yes
	redis-cli -s "$own_socket" CONFIG SET maxmemory-policy volatile-ttl
	run -1 timeout 10 sp-xq doctor -u "$own_url"
	[[ $output == *'maxmemory-policy noeviction'* ]]
}

@test "COUNT is per stream: a take of one from three streams is one job" {
	xq add -P high 1
	xq add -P medium 2
	xq add -P low 3
	[[ $(xq take -n 1 | wc -l) -eq 1 ]]
	[[ $(xq take -n 2 | wc -l) -eq 2 ]]
}

@test "the delivery counter rises on reads: attempts are our own count" {
	xq add 1
	xq take >job
	R XREADGROUP GROUP xq hand STREAMS "$TAG:medium" 0 >/dev/null
	R XREADGROUP GROUP xq hand STREAMS "$TAG:medium" 0 >/dev/null
	xq nack --release <job
	[[ $(xq take | jq .attempt) -eq 1 ]]
}

@test "ZRANGEBYSCORE and XADD in one script: a delayed job is in one place at every moment" {
	seq 200 | xq add --delay 50ms >/dev/null
	sleep 0.1
	xq take -n 100 >jobs
	[[ $(($(R ZCARD "$TAG:delayed") + $(R XLEN "$TAG:medium"))) -eq 200 ]]
	[[ $(jq .job jobs | sort -u | wc -l) -eq 100 ]]
}

@test "eviction, AOF, orphans, a pause: doctor says them and what to do, with status 1" {
	own_redis "$PWD/r" --appendonly yes
	run -0 timeout 10 sp-xq doctor -u "$own_url"
	[[ $output == *'nothing is wrong'* ]]
	timeout 10 sp-xq add -u "$own_url" 1
	timeout 10 sp-xq take -u "$own_url" >job
	redis-cli -s "$own_socket" DEL '{sp:q:default}:leases'
	redis-cli -s "$own_socket" CONFIG SET maxmemory-policy allkeys-lru
	redis-cli -s "$own_socket" CONFIG SET appendonly no
	timeout 10 sp-xq pause -u "$own_url"
	run -1 timeout 10 sp-xq doctor -u "$own_url"
	[[ $output == *'maxmemory-policy noeviction'* && $output == *'AOF is off'* ]]
	[[ $output == *'orphans: 1 '* && $output == *paused* ]]
	timeout 10 sp-xq resume -u "$own_url"
	run -1 timeout 10 sp-xq doctor -u "$own_url" --fix
	[[ $(timeout 10 sp-xq take -u "$own_url" | jq .job) == 1 ]]
}

@test "out of memory: add is refused and retried, what was taken can be acknowledged" {
	own_redis "$PWD/r" --appendonly yes
	timeout 10 sp-xq add -u "$own_url" 1
	timeout 10 sp-xq take -u "$own_url" >job
	redis-cli -s "$own_socket" CONFIG SET maxmemory 1
	run -69 timeout 10 sp-xq add -u "$own_url" --give-up 300ms 2
	[[ $output == *OOM* ]]
	run -69 timeout 10 sh -c 'seq 30000 | sp-xq add -u "$1" --give-up 300ms' - "$own_url"
	[[ $output == *OOM* ]]
	timeout 10 sp-xq ack -u "$own_url" <job
	redis-cli -s "$own_socket" CONFIG SET maxmemory 0
	[[ $(timeout 10 sp-xq stats -u "$own_url" --json | jq .depth) -eq 0 ]]
}
