#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-pub: options, output, statuses.

load helpers

# The log of $P without ids, timestamps and runs, one message a line.
plain_log() {
	log_lines "$LOG" | jq -c 'del(.timestamp, .sp, .metadata.latency_ms, .metadata.ttft_ms)
		| if .metadata == {} then del(.metadata) else . end'
}

@test "a typed message is logged with its fields, its run and seq 0" {
	run sp-pub -p "$P" -s s stage_update status=processing progress:=40
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	log_lines "$LOG" >log
	jq -e --arg p "$P" '.type == "stage_update" and .status == "processing" and .progress == 40
		and .project_id == $p and .stage == "s" and (.timestamp | type) == "number"
		and .sp.seq == 0 and (.sp.run | length) == 16' log
	lines log 1
	run ! lines log 2
}

@test "key=value is a string, key:=json is any JSON, and the known number fields are numbers either way" {
	sp-pub -c "$C" x a=1 b:=1 'c:={"d":[null,true,1.50]}' 'e="quoted" \ and ü' progress=40 current=3 total=12 f=
	[[ $(log_lines "$C:log") == \
		'{"type":"x","a":"1","b":1,"c":{"d":[null,true,1.50]},"e":"\"quoted\" \\ and ü","progress":40,"current":3,"total":12,"f":"","timestamp":'* ]]
}

@test "an operand that is neither key=value nor key:=json is refused with 64" {
	for operand in nothing =x 'a:={' 'a:=' 'a:=1 2' $'a=\xff' sp=1 'sp:={}'; do
		run -64 sp-pub -c "$C" x "$operand"
		[[ $output == sp-pub:* ]]
	done
	for type in '' a=b $'\xff'; do
		run -64 sp-pub -c "$C" "$type" a=b
	done
	[ "$(R EXISTS "$C:log")" = 0 ]
}

@test "a typed message leaves standard input to the loop that it stands in" {
	numbers 3 | while read -r n; do
		sp-pub -c "$C" x n="$n"
	done
	[ "$(log_lines "$C:log" | jq -r .n | tr '\n' ' ')" = '1 2 3 ' ]
}

@test "a typed message joins the run that goes on, and begins one when the latest has ended" {
	sp-pub -c "$C" token content=a
	first=$(R HGET "{$C:log}:runs" "$C")
	sp-pub -c "$C" token content=b
	[ "$(R HGET "{$C:log}:runs" "$C")" = "$first" ]
	sp-pub -c "$C" "done"
	[ "$(R HGET "{$C:log}:runs" "$C")" = "$first $(R XREVRANGE "$C:log" + - COUNT 1 | head -n 1)" ]
	sp-pub -c "$C" token content=c
	[ "$(R HGET "{$C:log}:runs" "$C")" = "$(R XREVRANGE "$C:log" + - COUNT 1 | head -n 1)" ]
}

@test "standard input is published as it comes, and then done with the whole text" {
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s
	exec 4>in
	printf 'Once upon' >&4
	wait_until 5 logged "$LOG" 1
	printf ' a "time"\n' >&4
	wait_until 5 logged "$LOG" 2
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ ! -s pub.err ]
	[ ! -s pub.out ]
	[ "$(plain_log)" = "$(jq -nc --arg p "$P" '{project_id: $p, stage: "s"} as $o
		| ({type: "token", content: "Once upon"} + $o), ({type: "token", content: " a \"time\"\n"} + $o),
		({type: "done", full_text: "Once upon a \"time\"\n", metadata: {bytes: 19}} + $o)')" ]
	[ "$(log_lines "$LOG" | jq -c .sp.seq | tr '\n' ' ')" = '0 1 2 ' ]
	log_lines "$LOG" | tail -n 1 | jq -e '.metadata | .latency_ms >= .ttft_ms and .ttft_ms >= 0'
}

@test "text never splits a character, and bytes that are no UTF-8 become U+FFFD" {
	mkfifo in
	bg_in=in bg pub sp-pub -c "$C"
	exec 4>in
	printf 'a\xe2\x82' >&4
	wait_until 5 logged "$C:log" 1
	printf '\xac b' >&4
	wait_until 5 logged "$C:log" 2
	printf '\xff\xc3' >&4
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ "$(log_lines "$C:log" | text_of)" = 'a€ b��' ]
	[ "$(log_lines "$C:log" | jq -r 'select(.type == "token") | .content' | head -n 2 | tr '\n' '|')" = 'a|€ b|' ]
	[ "$(log_lines "$C:log" | jq -r 'select(.type == "done") | .full_text')" = 'a€ b��' ]
}

@test "lines: each line is a token that keeps its newline, the last may have none" {
	printf 'one\n\n two\r\nthree' >in
	sp-pub -c "$C" --from lines <in
	[ "$(log_lines "$C:log" | jq -c 'select(.type == "token") | .content' | tr '\n' ' ')" = \
		'"one\n" "\n" " two\r\n" "three" ' ]
	log_lines "$C:log" | text_of | cmp - in
}

@test "json: a line passes byte for byte, with what is missing added behind it" {
	printf '%s\n' '{ "content" : "\u00e9" , "n":1.500, "big":12345678901234567890,"id":"mine", "type":"token"}' \
		'{"timestamp":1.5,"stage":"other","project_id":9,"type":"odd"}' '{}' |
		sp-pub -p "$P" -s s -f json --no-end
	log_lines "$LOG" >log
	[[ $(sed -n 1p log) == \
		'{ "content" : "\u00e9" , "n":1.500, "big":12345678901234567890,"id":"mine", "type":"token",'* ]]
	[[ $(sed -n 2p log) == '{"timestamp":1.5,"stage":"other","project_id":9,"type":"odd","sp":{'* ]]
	jq -se --arg p "$P" '(.[0] | .project_id == $p and .stage == "s" and .timestamp > 1e9)
		and .[2].type == "message" and .[2].project_id == $p' log
	[ "$(wc -l <log)" -eq 3 ]
}

@test "json: a forged sp is replaced, wherever it stands and however it is spelled" {
	printf '%s\n' '{"sp":{"run":"x","seq":9,"id":"99-99"},"a":1}' '{"a":1,"s\u0070":7}' '{"a":1,"sp":1,"b":{"sp":2}}' |
		sp-pub -c "$C" -f json --no-end
	log_lines "$C:log" | jq -se 'map(.sp.seq) == [0, 1, 2] and all(.sp.run != "x" and .a == 1)'
	[ "$(log_lines "$C:log" | grep -o '"sp"' | wc -l)" -eq 4 ]
	[ "$(log_lines "$C:log" | tail -n 1 | jq .b.sp)" -eq 2 ]
	run ! grep -q u0070 <(log_lines "$C:log")
}

@test "json: blank lines, CR LF and a byte-order mark at the start are no messages" {
	printf '\xef\xbb\xbf{"n":1}\r\n\r\n  \t\n{"n":2}' | sp-pub -c "$C" -f json --no-end
	[ "$(log_lines "$C:log" | jq -c .n | tr '\n' ' ')" = '1 2 ' ]
}

@test "json: an end in the input is the end, and nothing is added; an error's status is 1" {
	echo '{"type":"done","x":1}' | sp-pub -c "$C" -f json
	[ "$(R XLEN "$C:log")" -eq 1 ]
	run -1 sp-pub -c "$C.2" -f json <<<'{"type":"error","error":"x"}'
	[ "$(R XLEN "$C.2:log")" -eq 1 ]
	printf '{"type":"done"}\n{"type":"token","content":"more"}\n' | sp-pub -c "$C.3" -f json
	[ "$(log_lines "$C.3:log" | jq -r .type | tr '\n' ' ')" = 'done token done ' ]
}

@test "--full-text: none carries it nowhere, each carries it in every token" {
	printf 'a\nb\n' | sp-pub -c "$C" -f lines --full-text=none
	log_lines "$C:log" >log
	run ! grep full_text log
	printf 'a\nb\n' | sp-pub -c "$C.2" -f lines --full-text=each
	[ "$(log_lines "$C.2:log" | jq -c .full_text | tr '\n' ' ')" = '"a\n" "a\nb\n" "a\nb\n" ' ]
	printf '{"type":"token","content":"a\\u00e9"}\n{"content":"no token"}\n' | sp-pub -c "$C.3" -f json
	[ "$(log_lines "$C.3:log" | jq -r 'select(.type == "done") | .full_text')" = 'aé' ]
}

@test "the full text is bounded, and done says that it was cut" {
	head -c 17000000 /dev/zero | tr '\0' x | sp-pub -c "$C"
	R XREVRANGE "$C:log" + - COUNT 1 | tail -n 1 | jq -e '.full_text_truncated == true and
		(.full_text | length) <= 16777216 and (.full_text | length) > 16000000 and .metadata.bytes == 17000000'
	R DEL "$C:log"
}

@test "--ephemeral publishes without a log, and without an id" {
	bg raw redis-cli --raw -s "$SOCKET" SUBSCRIBE "$C"
	wait_until 5 subscribed "$C"
	printf 'a\nb\n' | sp-pub -c "$C" -f lines --ephemeral
	wait_until 5 messages raw.out 3
	[ "$(grep '^{' raw.out | jq -c .sp.seq | tr '\n' ' ')" = '0 1 2 ' ]
	grep '^{' raw.out | jq -se 'all(.sp.id == null)'
	[ -z "$(R --scan --pattern "*$C*")" ]
}

@test "what is published is what is logged, with the id inside" {
	bg raw redis-cli --raw -s "$SOCKET" SUBSCRIBE "$STAGE"
	wait_until 5 subscribed "$STAGE"
	numbers 50 line | sp-pub -p "$P" -s s -f lines
	wait_until 5 messages raw.out 51
	grep '^{' raw.out | cmp - <(log_lines "$LOG")
}

@test "--maxlen bounds the log, 0 does not" {
	numbers 1000 | sp-pub -c "$C" -f lines --maxlen 100
	[ "$(R XLEN "$C:log")" -lt 400 ]
	[ "$(R XLEN "$C:log")" -ge 100 ]
	numbers 12000 | sp-pub -c "$C.2" -f lines --full-text=none --maxlen 0
	[ "$(R XLEN "$C.2:log")" -eq 12001 ]
}

@test "--ttl lets the log and its runs expire, 0 does not, a day is the default" {
	sp-pub -c "$C" --ttl 5m x
	[ "$(R PTTL "$C:log")" -gt 200000 ]
	[ "$(R PTTL "$C:log")" -le 300000 ]
	[ "$(R PTTL "{$C:log}:runs")" -gt 200000 ]
	sp-pub -c "$C.2" x
	[ "$(R PTTL "$C.2:log")" -gt 86000000 ]
	[ "$(R PTTL "$C.2:log")" -le 86400000 ]
	sp-pub -c "$C.3" --ttl 0 x
	[ "$(R PTTL "$C.3:log")" -eq -1 ]
}

@test "--tee writes the input to standard output as well" {
	numbers 500 >in
	sp-pub -c "$C" --tee <in >out
	cmp in out
	log_lines "$C:log" | text_of | cmp - in
}

@test "--ids prints each message's sp object once it is acknowledged" {
	numbers 250 | sp-pub -c "$C" -f lines --ids >out
	cmp out <(log_lines "$C:log" | jq -c .sp)
	[ "$(sp-pub -c "$C.2" --ids x | jq -r .id)" = "$(R XRANGE "$C.2:log" - + | head -n 1)" ]
	printf 'a\n' | sp-pub -c "$C" --ephemeral --ids >out
	jq -se 'length == 2 and all(.seq >= 0 and .id == null)' out
}

@test "--no-end publishes neither done nor error" {
	echo a | sp-pub -c "$C" --no-end
	[ "$(R XLEN "$C:log")" -eq 1 ]
	run -3 sp-pub -c "$C.2" --no-end -- sh -c 'exit 3'
	[ "$(R XLEN "$C.2:log")" -eq 0 ]
}

@test "COMMAND: its output is published, its stderr passes through, its end is the end" {
	run --separate-stderr sp-pub -c "$C" -- sh -c 'echo out; echo err >&2'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$stderr" = err ]
	[ "$(log_lines "$C:log" | jq -r .type | tr '\n' ' ')" = 'token done ' ]
	[ "$(log_lines "$C:log" | text_of)" = out ]
}

@test "COMMAND: a failure is an error with its status and its last words, and is our status" {
	run -7 sp-pub -c "$C" -- sh -c 'echo out; echo "last words" >&2; exit 7'
	log_lines "$C:log" | tail -n 1 |
		jq -e '.type == "error" and .exit_status == 7 and (.error | contains("last words")) and .retry_count == 0'
	run sp-pub -c "$C" -- sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	log_lines "$C:log" | tail -n 1 | jq -e '.type == "error" and .signal == 9'
}

@test "COMMAND: one that is not there is 127, one that cannot run is 126, and both end the run" {
	run -127 sp-pub -c "$C" -- ./absent
	[[ $output == *absent* ]]
	: >file
	run -126 sp-pub -c "$C.2" -- ./file
	for channel in "$C" "$C.2"; do
		[ "$(log_lines "$channel:log" | jq -r .type)" = error ]
	done
}

@test "COMMAND: it reads our standard input, and gets its own options" {
	echo hello | sp-pub -c "$C" -- tr -d e
	[ "$(log_lines "$C:log" | text_of)" = hllo ]
}

@test "COMMAND: a child that it leaves behind does not hold the end back" {
	SECONDS=0
	sp-pub -c "$C" -- sh -c 'sleep 30 & echo $! >pid; echo out'
	kill "$(<pid)"
	[ "$SECONDS" -lt 5 ]
	[ "$(log_lines "$C:log" | jq -r .type | tr '\n' ' ')" = 'token done ' ]
}

@test "COMMAND: a child that it leaves behind and that goes on talking does not hold the end back" {
	local to
	# Where it is read slower than it talks, the pipe is never empty.
	mkfifo slow
	python3 -c 'import os, time
while os.read(0, 4096): time.sleep(0.002)' <slow &
	PIDS+=($!)
	exec 5>slow
	for to in 2 1; do
		timeout 10 sp-pub -t -c "$C" -- \
			sh -c "yes 'again and again' >&$to & echo \$! >pid; sleep 0.2; echo out >&2" >&5 2>&5
		end_process "$(<pid)" KILL
	done
	exec 5>&-
	[ "$(log_lines "$C:log" | jq -r .type | grep -c done)" -eq 2 ]
}

@test "a hundred thousand lines arrive, each once and in order" {
	numbers 100000 line >in
	sp-pub -c "$C" -f lines --maxlen 0 --full-text=none <in
	log_lines "$C:log" | text_of | cmp - in
	R DEL "$C:log"
}

@test "the log of a channel is its name and :log, of a stage its project's" {
	sp-pub -c chat:"$C" x
	[ "$(R XLEN "chat:$C:log")" -eq 1 ]
	sp-pub -p "$P" -s one x
	sp-pub -p "$P" -s two x
	sp-pub -c "sp:project:$P:stage:three" x
	[ "$(R XLEN "$LOG")" -eq 3 ]
}

@test "the namespace is sp, \$SP_NAMESPACE, or --namespace" {
	SP_NAMESPACE="a:$C" sp-pub -p 1 -s s x
	SP_NAMESPACE=not sp-pub --namespace "b:$C" -p 1 -s s x
	[ "$(R XLEN "a:$C:project:1:log")" -eq 1 ]
	[ "$(R XLEN "b:$C:project:1:log")" -eq 1 ]
	run -64 sp-pub --namespace 'a*b' -p 1 -s s x
	SP_NAMESPACE='a b' run -64 sp-pub -p 1 -s s x
}

@test "-u wins over \$REDIS_URL; @FILE holds the URL in its first line" {
	printf '%s\nrest\n' "$REDIS_URL" >url
	REDIS_URL=redis://127.0.0.1:1 sp-pub -u @url -c "$C" x
	[ "$(R XLEN "$C:log")" -eq 1 ]
	run -66 sp-pub -u @absent -c "$C" x
	[[ $output == *absent* ]]
	: >empty
	run -64 sp-pub -u @empty -c "$C" x
}

@test "TCP and a database by number work" {
	sp-pub -u "$TCP_URL/3" -c "$C" x
	[ "$(R -n 3 XLEN "$C:log")" -eq 1 ]
	[ "$(R XLEN "$C:log")" -eq 0 ]
	sp-pub -u "$REDIS_URL?db=3" -c "$C" x
	[ "$(R -n 3 XLEN "$C:log")" -eq 2 ]
	run -77 sp-pub -u "$TCP_URL/99" -c "$C" x
	[[ $output == *99* || $output == *range* ]]
}

@test "misuse is 64, with one line and a hint on stderr" {
	misuse() {
		run --separate-stderr -64 sp-pub "$@"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 2 ]
		[[ ${stderr_lines[0]} == 'sp-pub: '* && ${stderr_lines[1]} == *--help* ]]
	}
	misuse
	misuse x
	misuse -p 1 x
	misuse -s 1 x
	misuse -c a -p 1 -s 1 x
	misuse --no-such-option
	misuse -c a --from xml
	misuse -c a --maxlen -1
	misuse -c a --maxlen ten
	misuse -c a --ttl soon
	misuse -c a --max-line 0
	misuse -c a --tee --ids
	misuse -c a --
	misuse -c a x -- true
	misuse -c
	misuse -c '' x
	misuse -c $'a\nb' x
	# shellcheck disable=SC1003 # that is a backslash
	for bad in 'a:b' 'a*' 'a?' 'a[' 'a]' 'a\' 'a/b' 'a b' . .. '' $'a\x01' $'a\xff' $'a\u0085' $'a\u2028'; do
		misuse -p "$bad" -s s x
		misuse -p p -s "$bad" x
	done
}

@test "URLs that cannot be meant are refused with 64 and a hint" {
	for url in redis://secret@host redis://a:b@c@d redis://h/x redis://h:99999 redis://h?x=1 'redis://h#x' http://h h \
		redis:// 'unix://relative' redis+sentinel://h1 rediss://h redis+cluster://h redis+sentinel://h/m; do
		run -64 sp-pub -u "$url" -c "$C" x
		[[ $output != *secret* ]]
	done
	run -64 sp-pub -u redis://secret@host -c "$C" x
	[[ $output == *:* ]]
}

@test "--help goes to stdout with 0, and fails when nobody can read it" {
	run --separate-stderr -0 sp-pub --help
	[[ $output == usage:* && -z $stderr ]]
	run -0 sp-pub --version
	[[ $output == *[0-9].[0-9]* ]]
	run -74 sh -c 'sp-pub --help >/dev/full'
}

@test "--log=json makes each line on stderr an object; -q leaves only errors" {
	run --separate-stderr -69 sp-pub -u unix:///nowhere/sock --connect-timeout 100ms --log=json -c "$C" x
	jq -se 'length > 1 and all(.tool == "sp-pub" and (.time | type) == "number" and (.level | type) == "string")' <<<"$stderr"
	[[ $stderr == *'unix:///nowhere/sock'* ]]
	run --separate-stderr -69 sp-pub -u unix:///nowhere/sock --connect-timeout 100ms -q -c "$C" x
	[[ $stderr == *'unix:///nowhere/sock'* && $stderr != *retrying* ]]
}
