#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# filter: messages through jq programs, on their way in and on their way out.

load helpers

publish() { # ARG...: publishes the JSON lines of standard input
	timeout 10 sp-pub -c "$C" -f json "$@"
}

follow() { # ARG...
	timeout 10 sp-sub -c "$C" --since 0 --until done,error "$@"
}

@test "sp-pub: what the filter changes is published so, and what it leaves alone byte for byte" {
	printf '%s\n' '{"type":"a" , "n":12345678901234567890,"f":1.50,"u":"\u00e9"}' '{"type":"b","n":1}' |
		publish -j 'if .type == "b" then .n += 1 else . end' --no-end
	log_lines "$C:log" >log
	[[ $(sed -n 1p log) == '{"type":"a" , "n":12345678901234567890,"f":1.50,"u":"\u00e9","timestamp":'* ]]
	[ "$(sed -n 2p log | jq -c '[.type, .n]')" = '["b",2]' ]
}

@test "sp-pub: no output drops a message, several outputs publish several, in order" {
	printf '{"n":%d}\n' 1 2 3 4 | publish -j 'select(.n % 2 == 0) | ., (.n *= 10)' --no-end
	[ "$(log_lines "$C:log" | jq -c '[.n, .sp.seq]' | tr '\n' ' ')" = '[2,0] [20,1] [4,2] [40,3] ' ]
}

@test "sp-pub: what an output lacks is added, and an sp that it makes up is not believed" {
	echo '{}' | publish -j '{a: 1}, {type: "x", sp: {run: "r", seq: 9, id: "9-9"}}' --no-end
	log_lines "$C:log" | jq -se '.[0].type == "message" and all(.timestamp > 1e9) and map(.sp.seq) == [0, 1]'
}

@test "sp-pub: tokens of text and of providers go through it; the full text is what came in" {
	printf 'a\nb\n' | timeout 10 sp-pub -c "$C" -f lines -j 'select(.content != "a\n") | .content |= ascii_upcase'
	[ "$(log_lines "$C:log" | text_of)" = B ]
	log_lines "$C:log" | tail -n 1 | jq -e '.full_text == "a\nb\n"'
	printf 'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n' |
		timeout 10 sp-pub -c "$C.2" -f openai -j '.content |= ascii_upcase'
	[ "$(log_lines "$C.2:log" | text_of)" = HI ]
}

@test "sp-pub: the end that it adds itself is not filtered, and one of the input that is dropped is replaced" {
	echo a | timeout 10 sp-pub -c "$C" -f lines -j empty
	[ "$(log_lines "$C:log" | jq -r .type)" = 'done' ]
	echo '{"type":"done","mine":1}' | timeout 10 sp-pub -c "$C.2" -f json -j empty
	log_lines "$C.2:log" | jq -se 'length == 1 and .[0].type == "done" and .[0].mine == null'
	echo '{"type":"done","mine":1}' | timeout 10 sp-pub -c "$C.3" -f json -j .
	log_lines "$C.3:log" | jq -se 'length == 1 and .[0].mine == 1'
}

@test "sp-pub: a message on which the filter fails is told and dropped, and the rest goes on" {
	printf '%s\n' '{"n":1}' '{"n":"a"}' '{"n":3}' >in
	run -0 --separate-stderr publish -j '.n += 1' --no-end <in
	[[ $stderr == *'cannot be added'* ]]
	[ "$(log_lines "$C:log" | jq -c .n | tr '\n' ' ')" = '2 4 ' ]
	run -0 --separate-stderr timeout 10 sp-pub -c "$C.2" -f json -j '1, "text", [2], null, .' --no-end <<<'{"n":1}'
	[ "${#stderr_lines[@]}" -eq 4 ]
	[ "$(R XLEN "$C.2:log")" -eq 1 ]
}

@test "sp-pub: a failing filter names the message" {
	printf '{"n":%s}\n' 1 2 '"a"' >in
	run -0 --separate-stderr publish -j '.n += 1' <in
	[[ $stderr =~ (line|message|seq)\ [0-9] ]]
}

@test "sp-pub --strict: a failing filter ends the run with an error and 65, and nothing follows" {
	printf '%s\n' '{"n":1}' '{"n":"a"}' '{"n":3}' >in
	run -65 publish -j '.n += 1' --strict <in
	[ "$(log_lines "$C:log" | jq -r .type | tr '\n' ' ')" = 'message error ' ]
}

@test "a program that is none is 64, with jq's words, before anything is read" {
	run -64 publish -j '.[' <<<'{}'
	[[ $output == *'syntax error'* ]]
	run -64 follow -j 'no_such_function'
	[[ $output == *no_such_function* ]]
	[ "$(R EXISTS "$C:log")" -eq 0 ]
}

@test "options that need a filter, or exclude it, are misuse: 64" {
	run -64 timeout 5 sp-pub -c "$C" --strict
	run -64 timeout 5 sp-pub -c "$C" -j . token content=x
	run -64 timeout 5 sp-sub -c "$C" -r
	run -64 timeout 5 sp-sub -c "$C" --strict
	run -64 timeout 5 sp-sub -c "$C" -j . --exec cat
}

@test "libjq is loaded only when there is a filter" {
	echo a | LD_DEBUG=files timeout 10 sp-pub -c "$C" 2>without
	echo a | LD_DEBUG=files timeout 10 sp-pub -c "$C.2" -j . 2>with
	grep -q libhiredis without
	run ! grep -q libjq without
	grep -q libjq with
}

@test "sp-sub: what the filter makes is printed, a line an output; what it leaves alone byte for byte" {
	printf '%s\n' '{"type":"a" , "n":12345678901234567890,"f":1.50}' '{"type":"b","n":1}' | publish
	follow -j . | cmp - <(log_lines "$C:log")
	[ "$(follow -j 'select(.type == "b") | .n, [.n, "x"]' | tr '\n' ' ')" = '1 [1,"x"] ' ]
}

@test "sp-sub -r: strings are printed without quotes, other values as JSON" {
	echo '{"s":"a \"b\"\nc","o":{"x":"y"}}' | publish
	[ "$(follow -j 'select(.s) | .s, .o')" = $'"a \\"b\\"\\nc"\n{"x":"y"}' ]
	[ "$(follow -r -j 'select(.s) | .s, .o')" = $'a "b"\nc\n{"x":"y"}' ]
}

@test "sp-sub: the end is seen though the filter drops it, and its status counts" {
	echo '{"n":1}' | publish
	run -0 follow -j 'empty'
	[ -z "$output" ]
	timeout 5 sp-pub -c "$C.2" error error=x
	run -1 timeout 10 sp-sub -c "$C.2" --since 0 --until error -j '.type' -r
	[ "$output" = error ]
}

@test "sp-sub -n counts what the filter lets through" {
	printf '{"n":%d}\n' 1 2 3 4 5 6 | publish
	[ "$(follow -n 2 -j 'select(.n % 2 == 0) | .n' | tr '\n' ' ')" = '2 4 ' ]
}

@test "sp-sub: a message on which the filter fails is told by its id and passed over; --strict ends with 65" {
	local id
	printf '%s\n' '{"n":1}' '{"n":"a"}' '{"n":3}' | publish --no-end
	timeout 5 sp-pub -c "$C" "done" n=4 n:=4
	id=$(log_lines "$C:log" | sed -n 2p | jq -r .sp.id)
	run -0 --separate-stderr follow -j '.n + 1'
	[ "$(tr '\n' ' ' <<<"$output")" = '2 4 5 ' ]
	[[ $stderr == *"$id"*'cannot be added'* ]]
	run -65 --separate-stderr follow -j '.n + 1' --strict
	[ "$output" = 2 ]
}

@test "sp-sub: a plain PUBLISH that is no JSON is passed over by a filter" {
	bg sub sp-sub -c "$C" -j .n -n 1
	wait_until 5 subscribed "$C"
	R PUBLISH "$C" 'not JSON'
	R PUBLISH "$C" '{"n":1}'
	ends "$bg_pid" 5
	[ "$status" -eq 0 ]
	[ "$(<sub.out)" = 1 ]
	says sub.err 'without id'
}

@test "a thousand messages through filters on both sides arrive, each once and in order" {
	seq 1000 | sed 's/.*/{"n":&}/' | publish -j '.m = .n * 2'
	follow -j 'select(.m) | .m / 2' | cmp - <(seq 1000)
}
