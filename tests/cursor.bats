#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# cursor: a reader with a cursor file may be killed at any time; what it missed is read by the next one. And
# commands that are run for each message.

load helpers

# Keeps whole lines only: a kill may cut the last one, which then comes again.
seqs() { # FILE
	sed -n '/}}$/p' "$1" | jq -c .sp.seq
}

@test "a reader that is started again goes on where it was, and the file tells where that is" {
	numbers 10 line | timeout 5 sp-pub -c "$C" -f lines
	timeout 5 sp-sub -c "$C" --since 0 --cursor cursor -n 3 >one
	[ "$(<cursor)" = "$(tail -n 1 one | jq -r .sp.id) $C" ]
	timeout 5 sp-sub -c "$C" --since 0 --cursor cursor -n 5 >two
	timeout 5 sp-sub -c "$C" --since 0 --cursor cursor --until done >three
	cat one two three | cmp - <(log_lines "$C:log")
	run -75 timeout 5 sp-sub -c "$C" --since 0 --cursor cursor -w 50ms
	[[ $output != *'{'* ]]
}

@test "across kills of the reader no message is lost, and what is repeated is repeated at a kill" {
	local kills=0 want=0 part
	# Enough for every reader, and more while there are readers.
	mkfifo in
	bg numbers bash -c 'while [[ ! -e enough ]]; do seq -f "line %.0f" 500; sleep 0.01; done >in'
	bg_in=in bg pub sp-pub -c "$C" -f lines --maxlen 0 --full-text=none
	while ((kills < 12)); do
		bg part.$((100 + kills)) sp-sub -c "$C" --since 0 --cursor cursor
		wait_until 10 lines "part.$((100 + kills)).out" "$((RANDOM % 800 + 1))"
		kill -KILL "$bg_pid"
		wait_until 5 gone "$bg_pid"
		kills=$((kills + 1))
	done
	: >enough
	timeout 20 sp-sub -c "$C" --since 0 --cursor cursor --until done >part.200.out
	# Each reader's lines follow each other, and begin no later than behind those of the one before.
	: >numbers
	for part in part.*.out; do
		seqs "$part" | awk -v part="$part" 'NR > 1 && $1 != last + 1 { print part ": " last, $1; exit 1 } { last = $1 }'
		seqs "$part" | awk -v want="$want" -v part="$part" 'NR == 1 && $1 > want { print part " begins with", $1; exit 1 }'
		[[ $(seqs "$part" | tail -n 1) == '' ]] || want=$(($(seqs "$part" | tail -n 1) + 1))
		seqs "$part" >>numbers
	done
	sort -nu numbers | cmp - <(log_lines "$C:log" | jq .sp.seq)
	sort -nu numbers | cmp - <(seq 0 $((want - 1)))
	[ "$want" -gt 1000 ]
}

@test "the output of a reader that is not killed is repeated by nobody" {
	local n
	numbers 3000 line | timeout 10 sp-pub -c "$C" -f lines --full-text=none
	: >all
	for n in {1..10}; do
		timeout 5 sp-sub -c "$C" --since 0 --cursor cursor -n $((RANDOM % 200 + 1)) >>all
	done
	timeout 5 sp-sub -c "$C" --since 0 --cursor cursor --until done >>all
	cmp all <(log_lines "$C:log")
}

@test "a reader ended by TERM has said where it was: nothing is repeated" {
	local n
	mkfifo in
	bg_in=in bg pub sp-pub -c "$C" -f lines
	exec 4>in
	: >all
	for n in 1 2 3 4; do
		bg sub sp-sub -c "$C" --since 0 --cursor cursor
		numbers 50 "turn $n" >&4
		wait_until 5 lines sub.out 50
		kill -TERM "$bg_pid"
		ends "$bg_pid"
		[ "$status" -eq 143 ]
		cat sub.out >>all
	done
	cmp all <(log_lines "$C:log")
	exec 4>&-
}

@test "each of several channels has its line, and each is resumed" {
	timeout 5 sp-pub -c "$C.1" x n:=1
	timeout 5 sp-pub -c "$C.2" x n:=2
	timeout 5 sp-sub -c "$C.1" -c "$C.2" --since 0 --cursor cursor -n 2 >one
	[ "$(sed 's/.* //' cursor | sort)" = "$(printf '%s\n' "$C.1" "$C.2")" ]
	timeout 5 sp-pub -c "$C.1" x n:=3
	timeout 5 sp-pub -c "$C.2" x n:=4
	timeout 5 sp-sub -c "$C.1" -c "$C.2" --cursor cursor -n 2 >two
	[ "$(jq -c .n two | sort | tr '\n' ' ')" = '3 4 ' ]
}

@test "all stages of a project have one line, and are resumed" {
	timeout 5 sp-pub -p "$P" -s a x n:=1
	timeout 5 sp-sub -p "$P" --since 0 --cursor cursor -n 1 >one
	timeout 5 sp-pub -p "$P" -s b x n:=2
	timeout 5 sp-pub -p "$P" -s a x n:=3
	timeout 5 sp-sub -p "$P" --cursor cursor -n 2 >two
	[ "$(jq -c .n two | tr '\n' ' ')" = '2 3 ' ]
	lines cursor 1
	run ! lines cursor 2
}

@test "a channel that was silent when the reader was killed is not forgotten" {
	bg sub sp-sub -c "$C.1" -c "$C.2" --cursor cursor
	wait_until 5 subscribed "$C.2"
	timeout 5 sp-pub -c "$C.1" x n:=1
	wait_until 5 test -s cursor
	kill -KILL "$bg_pid"
	timeout 5 sp-pub -c "$C.2" x n:=2
	run timeout 5 sp-sub -c "$C.1" -c "$C.2" --cursor cursor -n 1 -w 300ms
	[[ $output == *'"n":2'* ]]
}

@test "a reader that was killed before its first message has said where it began" {
	timeout 5 sp-pub -c "$C" x n:=1
	bg sub sp-sub -v -c "$C" --cursor cursor
	wait_until 5 says sub.err 'reading after'
	kill -KILL "$bg_pid"
	timeout 5 sp-pub -c "$C" x n:=2
	run timeout 5 sp-sub -c "$C" --cursor cursor -n 1 -w 300ms
	[[ $output == *'"n":2'* ]]
}

@test "a pattern over several logs can be started again with its cursor file" {
	bg sub sp-sub -P "$C.*" --cursor cursor -n 1
	wait_until 5 subscribed "$C.*"
	timeout 5 sp-pub -c "$C.1" x
	ends "$bg_pid" 5
	run -75 timeout 5 sp-sub -P "$C.*" --cursor cursor -w 50ms
}

@test "a lone id, written by hand, is a cursor, and wins over --since" {
	numbers 3 line | timeout 5 sp-pub -c "$C" -f lines
	log_lines "$C:log" | head -n 1 | jq -r .sp.id >cursor
	timeout 5 sp-sub -c "$C" --since now --cursor cursor -n 2 >out
	[ "$(text_of <out)" = $'line 2\nline 3' ]
	[[ $(<cursor) == *" $C" ]]
	lines cursor 1
}

@test "a cursor that the log has fallen behind is told as a gap" {
	numbers 3 line | timeout 5 sp-pub -c "$C" -f lines
	echo "1-1 $C" >cursor
	run -0 timeout 5 sp-sub -c "$C" --cursor cursor -n 1
	[[ $output == *'"type":"gap","after":"1-1"'* ]]
}

@test "a file that is no cursor file is 65, names the line, and is left alone" {
	local text
	for text in garbage '1-1 a\ngarbage' '1-1 ' ' a' '-1 a' '1-1-1 a' '01-1 a' '18446744073709551616-0 a' '1 a' '1-1\0 a'; do
		# shellcheck disable=SC2059 # it is a format
		printf -- "$text\n" >cursor
		cp cursor before
		run -65 timeout 5 sp-sub -c "$C" --cursor cursor -w 50ms
		[[ $output == *cursor*line\ [12]* ]]
		cmp cursor before
	done
}

@test "a cursor file that cannot be read is 66, one that cannot be written is 73" {
	timeout 5 sp-pub -c "$C" x
	mkdir dir
	run -66 timeout 5 sp-sub -c "$C" --since 0 -n 1 --cursor dir
	run -73 timeout 5 sp-sub -c "$C" --since 0 -n 1 --cursor nowhere/cursor
}

@test "the file is replaced by rename: a reader of it sees a whole one at any time" {
	local looks=0
	numbers 20000 line | timeout 20 sp-pub -c "$C" -f lines --maxlen 0 --full-text=none
	echo "0-1 $C" >cursor
	bg sub sp-sub -c "$C" --cursor cursor --until done
	until gone "$bg_pid"; do
		[[ $(<cursor) =~ ^[0-9]+-[0-9]+\ $C$ ]]
		looks=$((looks + 1))
	done
	[ "$looks" -gt 0 ]
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ ! -e cursor.new ]
}

# --- --exec

@test "--exec: a command for each message, in order, with the message, its channel and its id" {
	numbers 5 line | timeout 5 sp-pub -c "$C" -f lines
	# shellcheck disable=SC2016 # for the inner shell
	timeout 10 sp-sub -c "$C" --since 0 --until done --exec 'printf "%s %s %s\n" "$SP_CHANNEL" "$SP_ID" "$(jq -c .sp.seq)"' >out
	cmp out <(log_lines "$C:log" | jq -r --arg c "$C" '"\($c) \(.sp.id) \(.sp.seq)"')
}

@test "--exec: its input is the message's bytes, and it need not read them" {
	echo '{"type":"done", "n":12345678901234567890,"long":"'"$(head -c 200000 /dev/zero | tr '\0' x)"'"}' |
		timeout 5 sp-pub -c "$C" -f json
	timeout 10 sp-sub -c "$C" --since 0 --until done --exec cat >out
	cmp out <(log_lines "$C:log")
	timeout 10 sp-sub -c "$C" --since 0 --until done --exec true
}

@test "--exec: a status other than 0 is told and the next message comes" {
	numbers 3 line | timeout 5 sp-pub -c "$C" -f lines --full-text=none
	run -0 --separate-stderr timeout 10 sp-sub -c "$C" --since 0 --until done --exec 'grep -qv "line 2" && exit 0; exit 3'
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$(log_lines "$C:log" | sed -n 2p | jq -r .sp.id)"*'status 3' ]]
}

@test "--exec --cursor: killed in the midst, the next start repeats one message at most and leaves none out" {
	local seq
	numbers 30 line | timeout 5 sp-pub -c "$C" -f lines
	for seq in 5 12 20; do
		: >reached
		# The command of one message never ends; the others note what they were for.
		# shellcheck disable=SC2016 # for the inner shell
		WAIT=$seq bg sub sp-sub -c "$C" --since 0 --cursor cursor \
			--exec 'n=$(jq .sp.seq); echo $n >>all; [ $n != $WAIT ] || { echo $$ >reached; exec sleep 60; }'
		wait_until 10 test -s reached
		kill -KILL "$bg_pid" "$(<reached)"
		wait_until 5 gone "$bg_pid"
	done
	timeout 10 sp-sub -c "$C" --since 0 --cursor cursor --until done --exec 'jq .sp.seq >>all'
	uniq all | cmp - <(seq 0 30)
	[ "$(uniq -d all | tr '\n' ' ')" = '5 12 20 ' ]
}

@test "--exec: TERM ends the reader after the command that runs, and the cursor tells of it" {
	numbers 50 line | timeout 5 sp-pub -c "$C" -f lines
	bg sub sp-sub -c "$C" --since 0 --cursor cursor --until done --exec 'jq .sp.seq >>all; sleep 0.05'
	wait_until 5 lines all 3
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[ "$status" -eq 143 ]
	run ! lines all 20
	timeout 10 sp-sub -c "$C" --since 0 --cursor cursor --until done --exec 'jq .sp.seq >>all'
	cmp all <(seq 0 50)
}

@test "--exec excludes what prints: misuse is 64" {
	run -64 timeout 5 sp-sub -c "$C" --exec true -x
	run -64 timeout 5 sp-sub -c "$C" --exec true -j .
}
