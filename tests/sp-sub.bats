#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-sub: options, output, statuses.

load helpers

@test "a stage is followed from its run's start to its end, exactly as published" {
	bg raw redis-cli --raw -s "$SOCKET" SUBSCRIBE "$STAGE"
	wait_until 5 subscribed "$STAGE"
	numbers 20 line | sp-pub -p "$P" -s s -f lines
	wait_until 5 messages raw.out 21
	run --separate-stderr -0 sp-sub -p "$P" -s s
	[ -z "$stderr" ]
	grep '^{' raw.out | cmp - <(echo "$output")
}

@test "what is published live is printed as published, at once" {
	bg raw redis-cli --raw -s "$SOCKET" SUBSCRIBE "$STAGE"
	bg sub sp-sub -p "$P" -s s
	sub=$bg_pid
	wait_until 5 subscribed "$STAGE" 2
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s
	exec 4>in
	printf one >&4
	wait_until 5 lines sub.out 1
	printf two >&4
	wait_until 5 lines sub.out 2
	exec 4>&-
	ends "$sub"
	[ "$status" -eq 0 ]
	grep '^{' raw.out | cmp - sub.out
}

@test "an error ends a stage with status 1" {
	run -1 sp-pub -p "$P" -s s -- sh -c 'exit 1'
	run -1 sp-sub -p "$P" -s s
	[[ $output == *'"type":"error"'* ]]
}

@test "a plain PUBLISH of anything is printed as it is, on one line" {
	bg sub sp-sub -c "$C" -n 4
	wait_until 5 subscribed "$C"
	R PUBLISH "$C" 'no json'
	R PUBLISH "$C" $'two\nlines\n'
	R PUBLISH "$C" ''
	R PUBLISH "$C" $'\xff{"a"'
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	cmp sub.out <(printf 'no json\ntwo lines \n\n\xff{"a"\n')
}

@test "--text prints the text as a person would read it" {
	printf 'Once "upon"\n\ta ti\xe2\x82\xac \\ me' >in
	sp-pub -p "$P" -s s -f lines <in
	sp-sub -p "$P" -s s --text >out
	cmp in out
	sp-pub -p "$P" -s s stage_update status=x
	sp-pub -p "$P" -s s token 'content:="\ud83d\ude00"'
	sp-pub -p "$P" -s s "done"
	[ "$(sp-sub -p "$P" -s s -x)" = 😀 ]
}

@test "--text tells an error on stderr" {
	run sp-pub -p "$P" -s s -- sh -c 'printf hello; echo "no more" >&2; exit 3'
	run --separate-stderr -1 sp-sub -p "$P" -s s --text
	[ "$output" = hello ]
	[[ $stderr == *'no more'* ]]
}

@test "several channels are followed together" {
	bg sub sp-sub -c "$C.1" -c "$C.2" -n 2
	wait_until 5 subscribed "$C.1"
	wait_until 5 subscribed "$C.2"
	sp-pub -c "$C.2" x n:=1
	sp-pub -c "$C.1" x n:=2
	ends "$bg_pid"
	[ "$(jq -c .n sub.out | tr '\n' ' ')" = '1 2 ' ]
}

@test "a channel that is named twice is printed once" {
	bg sub sp-sub -c "$C" -c "$C" -w 500ms
	wait_until 5 subscribed "$C"
	sp-pub -c "$C" x
	ends "$bg_pid"
	[ "$(wc -l <sub.out)" -eq 1 ]
}

@test "-P follows the channels that match" {
	bg sub sp-sub -P "$C.[ab]" -n 2
	wait_until 5 subscribed '*'
	sp-pub -c "$C.a" x n:=1
	sp-pub -c "$C.c" x n:=2
	sp-pub -c "$C.b" x n:=3
	ends "$bg_pid"
	[ "$(jq -c .n sub.out | tr '\n' ' ')" = '1 3 ' ]
}

@test "-p alone follows all stages of that project and no other, and does not end with one of them" {
	bg sub sp-sub -p "$P" --timeout 500ms
	wait_until 5 subscribed '*'
	sp-pub -p "$P" -s one "done"
	sp-pub -p "$P.other" -s one "done"
	sp-pub -p "$P" -s two error error=x
	ends "$bg_pid"
	[ "$status" -eq 75 ]
	[ "$(jq -r .stage sub.out | tr '\n' ' ')" = 'one two ' ]
}

@test "-p alone with --since 0 replays all stages in their order" {
	for n in 1 2 3; do
		sp-pub -p "$P" -s one x n:=$n
		sp-pub -p "$P" -s two x n:=$n
	done
	run -0 sp-sub -p "$P" --since 0 -n 6
	[ "$(jq -c '[.stage, .n]' <<<"$output" | tr -d '\n')" = \
		'["one",1]["two",1]["one",2]["two",2]["one",3]["two",3]' ]
}

@test "-n stops after that many" {
	numbers 10 | sp-pub -p "$P" -s s -f lines
	run -0 sp-sub -p "$P" -s s -n 3
	[ "${#lines[@]}" -eq 3 ]
	run -64 sp-sub -p "$P" -s s -n 0
}

@test "--timeout stops with 75 after silence, and each message begins it anew" {
	run --separate-stderr sp-sub -c "$C" --timeout 150ms
	[ "$status" -eq 75 ]
	[[ $stderr == *"$C"* ]]
	bg sub sp-sub -c "$C" --timeout 600ms
	wait_until 5 subscribed "$C"
	for n in 1 2 3 4; do
		sp-pub -c "$C" x n:=$n
		sleep 0.25 # less than the silence, together more
	done
	ends "$bg_pid"
	[ "$status" -eq 75 ]
	lines sub.out 4
}

@test "--until stops after the types it names, --follow never" {
	printf '{"type":"a"}\n{"type":"b"}\n{"type":"done"}\n{"type":"c"}\n' | sp-pub -p "$P" -s s -f json --no-end
	run -0 sp-sub -p "$P" -s s --since 0 --until c,x
	[ "${#lines[@]}" -eq 4 ]
	run -0 sp-sub -c "$STAGE" --since 0 --until b
	[ "${#lines[@]}" -eq 2 ]
	run sp-sub -p "$P" -s s --follow --timeout 200ms
	[ "$status" -eq 75 ]
	sp-pub -c "$C" error error=x
	run -1 sp-sub -c "$C" --since 0 --until error
	run -0 sp-sub -c "$C" --since 0 --until error -n 1
}

@test "a channel given by name is followed from now on" {
	sp-pub -c "$C" x n:=1
	bg sub sp-sub -c "$C" -n 1
	wait_until 5 subscribed "$C"
	sp-pub -c "$C" x n:=2
	ends "$bg_pid"
	[ "$(jq .n sub.out)" -eq 2 ]
}

@test "a stage's channel given by name counts as one stage" {
	echo hello | sp-pub -p "$P" -s s
	run -0 sp-sub -c "$STAGE"
	[ "${#lines[@]}" -eq 2 ]
}

@test "a stage of a project is not disturbed by the others that share its log" {
	numbers 300 one | sp-pub -p "$P" -s one -f lines --no-end &
	numbers 300 two | sp-pub -p "$P" -s two -f lines --no-end
	wait "$!"
	sp-pub -p "$P" -s one "done"
	sp-sub -p "$P" -s one --text | cmp - <(numbers 300 one)
}

@test "an ephemeral message has no id and is printed" {
	bg sub sp-sub -p "$P" -s s
	wait_until 5 subscribed "$STAGE"
	echo hello | sp-pub -p "$P" -s s --ephemeral
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	jq -se 'length == 2 and all(.sp.id == null)' sub.out
}

@test "misuse is 64, with one line and a hint on stderr" {
	misuse() {
		run --separate-stderr -64 sp-sub "$@"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 2 ]
		[[ ${stderr_lines[0]} == 'sp-sub: '* && ${stderr_lines[1]} == *--help* ]]
	}
	misuse
	misuse -s s
	misuse -c a operand
	misuse -c a -- true
	misuse -c ''
	misuse -c $'a\nb'
	misuse -P ''
	misuse -P 'a*' --since run
	misuse -c a --no-such
	misuse -c a -n many
	misuse -c a --timeout 0
	misuse -c a --timeout soon
	for since in '' x 5x 1-2-3 -1 1- -5 1.5-3 99999999999999999999999 1-99999999999999999999999; do
		misuse -c a --since "$since"
	done
	misuse -p a:b
	misuse -p p -s '*'
}

@test "--help goes to stdout with 0, and fails when nobody can read it" {
	run --separate-stderr -0 sp-sub --help
	[[ $output == usage:* && -z $stderr ]]
	run -0 sp-sub --version
	run -74 sh -c 'sp-sub --help >/dev/full'
}

@test "-v tells where the reading begins" {
	run --separate-stderr sp-sub -c "$C" -v -w 100ms
	[[ $stderr == *"$C: subscribed"* ]]
}

@test "every message's id is in the message that is printed, and only there" {
	echo '{"type":"x","id":"mine"}' | sp-pub -p "$P" -s s -f json
	id=$(R XRANGE "$LOG" - + COUNT 1 | head -n 1)
	run -0 sp-sub -p "$P" -s s -n 1
	[ "$(jq -r .sp.id <<<"$output")" = "$id" ]
	[ "$(jq -r .id <<<"$output")" = mine ]
}
