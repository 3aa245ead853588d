#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# span: a pattern over several logs is followed as one channel is: from a starting point, through lost
# connections and dead servers, with a cursor; each log's messages once and in order, merged by id.

load helpers

# The lines of all logs of our channels, in the order of their ids, then of the logs' names.
merged() { # CHANNEL...
	local channel
	for channel; do
		log_lines "$channel:log" | sed "s/^/$channel\t/"
	done | awk -F '\t' '{ id = $2; sub(/.*,"id":"/, "", id); sub(/"}}$/, "", id); split(id, part, "-")
		printf "%s\t%s\t%s\t%s\n", part[1], part[2], $1, $2 }' |
		sort -t $'\t' -k 1,1n -k 2,2n -k 3,3 | cut -f 4-
}

# Whether each run's messages in FILE follow each other without a hole, and no message stands in front of one
# of an earlier millisecond. Live messages of several logs come as they were published: of two in the same
# millisecond either may be first.
in_order() { # FILE
	sed 's/.*"sp":{"run":"\(.*\)","seq":\([0-9]*\),"id":"\([0-9]*\)-.*/\1 \2 \3/' "$1" | awk '
		$1 in last && $2 != last[$1] + 1 { print "line " NR ": after", last[$1], "comes", $2; exit 1 }
		$3 < ms { print "line " NR ": after", ms, "comes", $3; exit 1 }
		{ last[$1] = $2; ms = $3 }'
}

own() { # OPTION...: a server of our own, with AOF
	own_redis "$PWD/redis" --appendonly yes --appendfsync always "$@"
	SOCKET=$own_socket REDIS_URL=$own_url
}

restart() {
	end_process "$own_pid" KILL
	own_port=${own_tcp##*:} own_redis "$PWD/redis" --appendonly yes --appendfsync always
}

# Twenty publishers that write until there is a file `enough`.
publish_twenty() {
	local n
	for n in {1..20}; do
		mkfifo "in.$n"
		bg "numbers.$n" bash -c 'i=0; exec >in.'"$n"'; while [[ ! -e enough ]]; do
			seq -f "'"$n"' %.0f" $i $((i + 4)); i=$((i + 5)); sleep 0.0$((RANDOM % 9 + 1)); done'
		bg_in=in.$n bg "pub.$n" sp-pub -c "$C.$n" -f lines --maxlen 0 --full-text=none
		publishers+=("$bg_pid")
	done
	for n in {1..20}; do
		wait_until 10 logged "$C.$n:log" 1
	done
}

end_twenty() {
	local pid
	: >enough
	for pid in "${publishers[@]}"; do
		ends "$pid" 20
		[ "$status" -eq 0 ]
	done
}

twenty() {
	printf "$C.%d\n" {1..20}
}

@test "all that several logs have is merged by id, page by page" {
	for n in 1 2 3; do
		numbers $((n * 1500)) "$n" >"in.$n"
		bg_in=in.$n bg "pub.$n" sp-pub -c "$C.$n" -f lines --full-text=none
	done
	for n in 1 2 3; do
		wait_until 10 logged "$C.$n:log" $((n * 1500 + 1))
	done
	timeout 10 sp-sub -P "$C.*" --since 0 -n 9003 >out
	merged "$C.1" "$C.2" "$C.3" | cmp - out
}

@test "--since ID, or a duration, is behind that id, or so long ago, in each log" {
	local now
	now=$(R TIME | head -n 1)000
	for n in 1 2; do
		for age in 7200 60 1; do
			R XADD "$C.$n:log" "$((now - age * 1000))-$n" "$C.$n" '{"type":"x","n":'"$n"',"age":'$age',"sp":{"run":"r","seq":0}}'
		done
		R HSET "{$C.$n:log}:runs" "$C.$n" "$((now - 7200000))-$n"
	done
	[ "$(timeout 5 sp-sub -P "$C.*" --since 5m -n 4 | jq -c '[.age, .n]' | tr '\n' ' ')" = '[60,1] [60,2] [1,1] [1,2] ' ]
	[ "$(timeout 5 sp-sub -P "$C.*" --since $((now - 60000))-1 -n 3 | jq -c '[.age, .n]' | tr '\n' ' ')" = '[60,2] [1,1] [1,2] ' ]
}

@test "the logs of projects are found when one of their stages matches, and what does not match is passed over" {
	echo one | sp-pub -p "$P" -s story
	echo two | sp-pub -p "$P" -s other
	echo three | sp-pub -p "$P-2" -s story
	echo four | sp-pub -p "$P-3" -s other
	echo five | sp-pub -c "sp:project:$P-4:stage:story:x"
	[ "$(timeout 5 sp-sub -P "sp:project:$P*:stage:story" --since 0 -n 4 | text_of)" = $'one\nthree' ]
}

@test "keys that look like a log's and are none do no harm" {
	R HSET "{$C.1:log}:runs" a b
	R HSET "$C.2:log:runs" a b
	R HSET "{:log}:runs" "$C.3" b
	R SET "{$C.4:log}:runs" x
	R SET "$C.5:log" x
	echo a | sp-pub -c "$C.6"
	[ "$(timeout 5 sp-sub -P "$C.*" --since 0 -n 2 | text_of)" = a ]
	R HSET "{$C.5:log}:runs" a b
	run -65 timeout 5 sp-sub -P "$C.*" --since 0 -n 2
	[[ $output == *"$C.5:log"*WRONGTYPE* ]]
}

@test "a reader that joins twenty flat-out publishers has every message of each once and in order" {
	publishers=()
	for n in {1..20}; do
		numbers 2000 "$n" >"in.$n"
		bg_in=in.$n bg "pub.$n" sp-pub -c "$C.$n" -f lines --maxlen 0 --full-text=none
		publishers+=("$bg_pid")
	done
	wait_until 10 logged "$C.20:log" 100
	timeout 20 sp-sub -P "$C.*" --since 0 -n 40020 >out
	end_twenty
	mapfile -t channels < <(twenty)
	in_order out
	merged "${channels[@]}" | sort | cmp - <(sort out)
}

@test "connections that are killed again and again lose, repeat and reorder nothing of twenty channels" {
	publishers=()
	publish_twenty
	bg sub sp-sub -P "$C.*" --since 0
	reader=$bg_pid
	for _ in {1..25}; do
		sleep 0.1
		R CLIENT KILL TYPE pubsub
		[[ $((RANDOM % 2)) -eq 0 ]] || R CLIENT KILL TYPE normal SKIPME yes
	done
	end_twenty
	mapfile -t channels < <(twenty)
	merged "${channels[@]}" >want
	wait_until 10 lines sub.out "$(wc -l <want)"
	end_process "$reader" TERM
	in_order sub.out
	sort want | cmp - <(sort sub.out)
	says sub.err 'connected again'
	run ! grep -q gap sub.out
}

@test "Redis is killed and started again under twenty channels: each message once and in order" {
	own
	publishers=()
	publish_twenty
	bg sub sp-sub -P "$C.*"
	reader=$bg_pid
	wait_until 5 subscribed "$C.*"
	for _ in 1 2 3; do
		sleep 0.7
		restart
	done
	end_twenty
	mapfile -t channels < <(twenty)
	merged "${channels[@]}" >want
	# It came in the beginning; from there on it has all.
	wait_until 10 says sub.out "$(tail -n 1 want)"
	sleep 0.1
	end_process "$reader" TERM
	in_order sub.out
	lost=$(sort want | comm -23 - <(sort sub.out) | sed 's/.*"id":"\([0-9]*\)-.*/\1/' | sort -n | tail -n 1)
	first=$(head -n 1 sub.out | jq -r .sp.id)
	((lost <= ${first%-*}))
	[ "$(wc -l <sub.out)" -gt 500 ]
}

@test "a reader of twenty channels with a cursor is killed again and again: none lost, none out of order" {
	publishers=()
	publish_twenty
	for n in {10..20}; do
		bg "part.$n" sp-sub -P "$C.*" --since 0 --cursor cursor
		sleep 0.$((RANDOM % 3 + 1))
		kill -KILL "$bg_pid"
		wait_until 5 gone "$bg_pid"
	done
	end_twenty
	mapfile -t channels < <(twenty)
	merged "${channels[@]}" >want
	bg part.21 sp-sub -P "$C.*" --cursor cursor
	wait_until 10 says part.21.out "$(tail -n 1 want)"
	sleep 0.1
	end_process "$bg_pid" TERM
	[ "$(wc -l <cursor)" -eq 21 ]
	[ "$(head -n 1 cursor)" = "0-0 $C.*" ]
	# A kill repeats what was printed after the last cursor: each part is in order, and all is there.
	for n in {10..21}; do
		sed -n '/}}$/p' "part.$n.out" >whole
		in_order whole
	done
	sed -n '/}}$/p' part.*.out | sort -u | cmp - <(sort want)
}

@test "a cursor of a pattern: what comes to old and new logs in between is read, and nothing else" {
	echo old | sp-pub -c "$C.1"
	echo old | sp-pub -c "$C.2"
	bg sub sp-sub -P "$C.*" --cursor cursor
	wait_until 5 subscribed "$C.*"
	echo seen | sp-pub -c "$C.1"
	wait_until 5 messages sub.out 2
	end_process "$bg_pid" TERM
	[ "$(wc -l <cursor)" -eq 2 ]
	[ "$(tail -n 1 cursor)" = "$(tail -n 1 sub.out | jq -r .sp.id) $C.*"$'\t'"$C.1:log" ]
	for n in 1 2 3; do
		echo "new $n" | sp-pub -c "$C.$n"
	done
	timeout 5 sp-sub -P "$C.*" --cursor cursor -n 6 >out
	[ "$(text_of <out)" = "$(printf 'new %d\n' 1 2 3)" ]
	run -75 timeout 5 sp-sub -P "$C.*" --cursor cursor -w 100ms
	[[ $output != *'{'* ]]
}

@test "of logs that are trimmed or gone the reader of a pattern is told, and goes on" {
	for n in 1 2 3; do
		numbers 5 | sp-pub -c "$C.$n" -f lines
	done
	timeout 5 sp-sub -P "$C.*" --since 0 --cursor cursor -n 18 >out
	for n in 1 2; do
		numbers 5 new | sp-pub -c "$C.$n" -f lines
	done
	R XTRIM "$C.1:log" MAXLEN = 2
	R DEL "$C.3:log" "{$C.3:log}:runs"
	timeout 5 sp-sub -P "$C.*" --cursor cursor -n 8 >out
	[ "$(jq -r 'select(.type == "gap").before' out | sort)" = "$(R XRANGE "$C.1:log" - + COUNT 1 | head -n 1; echo null)" ]
	grep -v gap out | cmp - <(merged "$C.1" "$C.2" | tail -n 8)
	run ! grep -q "$C.3" cursor
}
