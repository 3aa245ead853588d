#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# replay: a reader that comes late, returns, or joins in the middle sees every message once, in order, and
# the end; or it is told what is missing.

load helpers

# Publishes what is written to descriptor 4, a line a message; `exec 4>&-` ends it.
open_publisher() { # ARG...
	mkfifo in
	bg_in=in bg pub sp-pub -f lines "$@"
	publisher=$bg_pid
	exec 4>in
}

ids() { # LOG
	R XRANGE "$1" - + | awk 'NR % 3 == 1'
}

@test "a reader that comes after the end sees the whole run and its end" {
	numbers 2500 line | sp-pub -p "$P" -s s -f lines
	run -0 sp-sub -p "$P" -s s
	cmp <(echo "$output") <(log_lines "$LOG")
}

@test "a reader that comes in the middle sees the beginning too, and then the rest" {
	open_publisher -p "$P" -s s
	numbers 3 before >&4
	wait_until 5 logged "$LOG" 3
	bg sub sp-sub -p "$P" -s s
	wait_until 5 lines sub.out 3
	numbers 3 after >&4
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	cmp sub.out <(log_lines "$LOG")
	lines sub.out 7
}

@test "a reader that comes before there is anything sees everything" {
	bg sub sp-sub -p "$P" -s s
	wait_until 5 subscribed "$STAGE"
	numbers 2000 | sp-pub -p "$P" -s s -f lines
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	cmp sub.out <(log_lines "$LOG")
}

@test "a reader that returns with its last id, again and again, misses and repeats nothing" {
	numbers 20000 line | sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none 4>&- &
	PIDS+=($!)
	cursor=0 returns=0
	: >all
	until tail -n 1 all | grep -q '"type":"done"'; do
		sp-sub -p "$P" -s s --since "$cursor" -n $((RANDOM % 3000 + 1)) >part
		cat part >>all
		cursor=$(tail -n 1 part | jq -r .sp.id)
		returns=$((returns + 1))
	done
	[ "$returns" -gt 3 ]
	cmp all <(log_lines "$LOG")
}

@test "a reader that is killed returns with the last id it printed" {
	open_publisher -p "$P" -s s
	numbers 100 one >&4
	bg sub sp-sub -p "$P" -s s
	wait_until 5 lines sub.out 100
	kill -KILL "$bg_pid"
	cp sub.out all
	numbers 100 two >&4
	exec 4>&-
	sp-sub -p "$P" -s s --since "$(tail -n 1 all | jq -r .sp.id)" >>all
	cmp all <(log_lines "$LOG")
}

@test "--since run shows the latest run only, even where two generations share a stage" {
	numbers 5 old | sp-pub -p "$P" -s s -f lines
	numbers 5 other | sp-pub -p "$P" -s other -f lines
	numbers 5 new | sp-pub -p "$P" -s s -f lines
	[ "$(sp-sub -p "$P" -s s --text)" = "$(numbers 5 new)" ]
	[ "$(sp-sub -p "$P" -s other --text)" = "$(numbers 5 other)" ]
	run -0 sp-sub -c "$STAGE" --since run -n 6
	[ "$(jq -r .sp.seq <<<"$output" | tr '\n' ' ')" = '0 1 2 3 4 5 ' ]
}

@test "a reader that waits at the end of one run sees the next one whole" {
	numbers 5 old | sp-pub -p "$P" -s s -f lines
	bg sub sp-sub -p "$P" -s s --follow -n 12
	wait_until 5 lines sub.out 6
	numbers 5 new | sp-pub -p "$P" -s s -f lines
	ends "$bg_pid"
	cmp sub.out <(log_lines "$LOG")
}

@test "--since 0 shows all of the log, --since now nothing of it" {
	numbers 5 old | sp-pub -p "$P" -s s -f lines
	numbers 5 new | sp-pub -p "$P" -s s -f lines
	run -0 sp-sub -p "$P" -s s --since 0 --follow -n 12
	cmp <(echo "$output") <(log_lines "$LOG")
	bg sub sp-sub -p "$P" -s s --since now
	wait_until 5 subscribed "$STAGE"
	sp-pub -p "$P" -s s "done" n:=1
	ends "$bg_pid"
	[ "$(jq -c .n sub.out)" = 1 ]
}

@test "--since ID shows what follows the id, with or without its second half" {
	for n in 1 2 3; do
		R XADD "$C:log" "170000000000$n-5" "$C" '{"type":"x","n":'$n',"sp":{"run":"r","seq":'$n'}}'
	done
	[ "$(sp-sub -c "$C" --since 1700000000001-5 -n 2 | jq -c .n | tr '\n' ' ')" = '2 3 ' ]
	[ "$(sp-sub -c "$C" --since 1700000000002-4 -n 2 | jq -c .n | tr '\n' ' ')" = '2 3 ' ]
	[ "$(sp-sub -c "$C" --since 1700000000002 -n 2 | jq -c .n | tr '\n' ' ')" = '2 3 ' ]
	sp-sub -c "$C" --since 1700000000003-4 -n 1 | jq -e '.sp.id == "1700000000003-5"'
}

@test "--since D shows the last D" {
	now=$(R TIME | head -n 1)000
	for age in 7200000 3600000 60000 1000; do
		R XADD "$C:log" "$((now - age))-0" "$C" '{"type":"x","age":'$age',"sp":{"run":"r","seq":0}}'
	done
	[ "$(sp-sub -c "$C" --since 5m -n 2 | jq -c .age | tr '\n' ' ')" = '60000 1000 ' ]
	[ "$(sp-sub -c "$C" --since 90m -n 3 | jq -c .age | tr '\n' ' ')" = '3600000 60000 1000 ' ]
	[ "$(sp-sub -c "$C" --since 300 -n 2 | jq -c .age | tr '\n' ' ')" = '60000 1000 ' ]
}

@test "a reader whose messages were trimmed is told so, and of what" {
	numbers 10 | sp-pub -p "$P" -s s -f lines
	mapfile -t id < <(ids "$LOG")
	R XTRIM "$LOG" MAXLEN = 4
	run --separate-stderr -0 sp-sub -p "$P" -s s --since "${id[2]}"
	[ "$(jq -r .type <<<"${lines[0]}")" = gap ]
	jq -e --arg a "${id[2]}" --arg b "${id[7]}" '.after == $a and .before == $b' <<<"${lines[0]}"
	[[ $stderr == *missing* ]]
	[ "${#lines[@]}" -eq 5 ]
	[ "$(jq -r .sp.id <<<"${lines[1]}")" = "${id[7]}" ]
	run -0 sp-sub -p "$P" -s s --since "${id[7]}"
	[[ $output != *gap* ]]
}

@test "a run whose beginning was trimmed begins with a gap" {
	numbers 10 | sp-pub -p "$P" -s s -f lines
	R XTRIM "$LOG" MAXLEN = 4
	run --separate-stderr -0 sp-sub -p "$P" -s s
	[ "$(jq -r .type <<<"${lines[0]}")" = gap ]
	[ "${#lines[@]}" -eq 5 ]
}

@test "a cursor of a log that is gone gives a gap, and then what comes" {
	echo a | sp-pub -p "$P" -s s
	last=$(ids "$LOG" | tail -n 1)
	R DEL "$LOG" "{$LOG}:runs"
	bg sub sp-sub -p "$P" -s s --since "$last"
	wait_until 5 lines sub.out 1
	jq -e --arg a "$last" '.type == "gap" and .after == $a' sub.out
	wait_until 5 subscribed "$STAGE"
	echo b | sp-pub -p "$P" -s s
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	tail -n +2 sub.out | cmp - <(log_lines "$LOG")
}

@test "readers that join a flat-out publisher at any moment get its log, byte for byte" {
	numbers 150000 line >input
	bg_in=input bg pub sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none
	publisher=$bg_pid readers=()
	for moment in 0 500 20000 50000 80000 110000; do
		wait_until 20 logged "$LOG" "$moment"
		bg "sub.$moment" sp-sub -p "$P" -s s
		readers+=("$bg_pid")
	done
	ends "$publisher" 30
	[ "$status" -eq 0 ]
	log_lines "$LOG" >log
	text_of <log | cmp - input
	for reader in "${readers[@]}"; do
		ends "$reader" 30
		[ "$status" -eq 0 ]
	done
	for out in sub.*.out; do
		cmp "$out" log
	done
	R DEL "$LOG"
}

@test "a reader of a whole project that joins two flat-out publishers gets their common log" {
	for stage in one two; do
		numbers 30000 "$stage" >"$stage"
		bg_in=$stage bg "pub.$stage" sp-pub -p "$P" -s "$stage" -f lines --maxlen 0 --full-text=none
	done
	wait_until 10 logged "$LOG" 5000
	bg sub sp-sub -p "$P" --since 0 -n 60002
	ends "$bg_pid" 30
	cmp sub.out <(log_lines "$LOG")
}

@test "a reader that joins a publisher of large messages gets its log" {
	head -c 150000 /dev/zero | tr '\0' x >big
	for n in $(seq 200); do
		printf '{"n":%d,"x":"%s"}\n' "$n" "$(<big)"
	done >input
	bg_in=input bg pub sp-pub -p "$P" -s s -f json
	wait_until 10 logged "$LOG" 30
	sp-sub -p "$P" -s s >out
	cmp out <(log_lines "$LOG")
	R DEL "$LOG"
}

@test "what a flat-out publisher trims while a reader replays is not lost in silence" {
	for round in 1 2 3; do
		numbers 60000 >input
		bg_in=input bg pub sp-pub -c "$C.$round" -f lines --maxlen 1000 --full-text=none
		wait_until 10 logged "$C.$round:log" 900
		sp-sub -c "$C.$round" --since 0 --until "done" >out
		# Each jump in seq has a gap in front of it, and nothing comes twice.
		jq -n 'reduce inputs as $m ({next: null, gap: false, silent: 0, repeated: 0};
			if $m.type == "gap" then .gap = true
			else (if .next != null and $m.sp.seq > .next and (.gap | not) then .silent += 1 else . end)
			| (if .next != null and $m.sp.seq < .next then .repeated += 1 else . end)
			| .next = $m.sp.seq + 1 | .gap = false end)' out >verdict
		cat verdict
		jq -e '.silent == 0 and .repeated == 0' verdict
	done
}
