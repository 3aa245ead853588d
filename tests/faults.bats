#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# faults: bad input, closed and full descriptors, signals in each state, and a Redis that is absent, refuses,
# talks nonsense, or says nothing.

load helpers

# A program that starts with the signals as a shell's foreground has them: those in the background ignore INT.
FG=(env --default-signal)

# The log of $C: the types, in a line.
types() {
	log_lines "$C:log" | jq -r .type | tr '\n' ' '
}

# A server that does COMMAND for each connection: $fake_url.
fake_redis() { # COMMAND
	fake_url=unix://$PWD/fake
	bg fake socat UNIX-LISTEN:"$PWD/fake",fork SYSTEM:"$1"
	wait_until 5 test -S fake
}

# --- Bad input

@test "a bad line of JSON is 65 and named; what came before it is logged, and then an error" {
	bad=('nope' '[1]' '"s"' '42' 'null' 'true' '{"a":1' '{"a":1}}' '{"a":1} {"b":2}' '{a:1}' "{'a':1}" '{"a":01}'
		'{"a":1.}' '{"a":+1}' '{"a":.5}' '{"a":1e}' '{"a":tru}' '{"a" 1}' '{"a":}' '{,}' '{"a":1,}' '{"a":[1,]}'
		'{"a":"\x"}' '{"a":"\u12g4"}' $'{"a":"\t"}' $'{"a":"\xff"}' $'{"a":"\xc0\xaf"}' $'{"a":"\xed\xa0\x80"}'
		$'{"a":"\xf4\x90\x80\x80"}' $'{"a\xff":1}' $'{"a":1}\x01' '{"a":NaN}' '{"a":1}//' '{"a":"')
	for line in "${bad[@]}"; do
		R DEL "$C:log"
		printf '{"n":1}\n{"n":2}\n%s\n{"n":4}\n' "$line" >in
		run --separate-stderr -65 sp-pub -c "$C" -f json <in
		[[ $stderr == *'line 3'* ]]
		[ "$(types)" = 'message message error ' ]
		log_lines "$C:log" | tail -n 1 | jq -e '.error | contains("line 3")'
	done
}

@test "a NUL in a line of JSON is 65, in and outside of a string" {
	for line in '{"a":"\0"}' '{"a":1}\0' '\0{"a":1}'; do
		R DEL "$C:log"
		# shellcheck disable=SC2059 # it is a format
		printf '{"n":1}\n'"$line"'\n' >in
		run -65 sp-pub -c "$C" -f json <in
		[[ $output == *'line 2'* ]]
		[ "$(types)" = 'message error ' ]
	done
}

@test "JSON nests 256 deep, and 257 is 65" {
	nest() {
		printf '{"a":%s1%s}\n' "$(head -c $(($1 - 1)) /dev/zero | tr '\0' '[')" "$(head -c $(($1 - 1)) /dev/zero | tr '\0' ']')"
	}
	nest 256 >in
	sp-pub -c "$C" -f json <in
	nest 257 >in
	run -65 sp-pub -c "$C" -f json <in
	[[ $output == *'line 1'* ]]
	nest 100000 >in
	run -65 sp-pub -c "$C" -f json <in
}

@test "a line of 1 MiB passes, and one byte more is 65, in json and in lines" {
	head -c $((1024 * 1024 - 8)) /dev/zero | tr '\0' x >fill
	printf '{"a":"%s"}\n{"b":1}\n' "$(<fill)" >in
	[ "$(head -n 1 in | wc -c)" -eq $((1024 * 1024 + 1)) ]
	sp-pub -c "$C" -f json <in
	[ "$(types)" = 'message message done ' ]
	printf '{"b":1}\n{"a": "%s"}\n{"c":1}\n' "$(<fill)" >in
	run -65 sp-pub -c "$C.2" -f json <in
	[[ $output == *'line 2'* ]]
	[ "$(R XLEN "$C.2:log")" -eq 2 ]
	run -65 sp-pub -c "$C" -f lines <in
	run -0 sp-pub -c "$C" -f json --max-line 2m <in
	run -65 sp-pub -c "$C" -f json --max-line 10 <<<'{"a":12345}'
	run -0 sp-pub -c "$C" -f json --max-line 11 <<<'{"a":12345}'
}

@test "a line that never ends is refused at the cap, not at the end of memory" {
	bg pub sh -c 'tr "\0" x </dev/zero | sp-pub -c "$1" -f lines' - "$C"
	ends "$bg_pid"
	[ "$status" -eq 65 ]
	says pub.err 'line 1'
}

@test "bad input with --no-end publishes no error" {
	printf '{"n":1}\nnope\n' >in
	run -65 sp-pub -c "$C" -f json --no-end <in
	[ "$(types)" = 'message ' ]
}

@test "bad input of a COMMAND is 65, and the command is ended" {
	run --separate-stderr -65 sp-pub -c "$C" -f json -- sh -c 'echo nope; exec sleep 30'
	[[ $stderr == *'line 1'* ]]
	[ "$(types)" = 'error ' ]
}

@test "empty input is a run with nothing but its end" {
	for format in text lines json; do
		R DEL "$C:log"
		sp-pub -c "$C" -f "$format" </dev/null
		[ "$(types)" = 'done ' ]
	done
	printf '\n \n' | sp-pub -c "$C" -f json --no-end
	[ "$(types)" = 'done ' ]
}

@test "a last line without its newline counts" {
	printf '{"n":1}\n{"n":2}' | sp-pub -c "$C" -f json
	[ "$(types)" = 'message message done ' ]
	printf '{"n":1}\n{"n":' >in
	run -65 sp-pub -c "$C" -f json <in
	[[ $output == *'line 2'* ]]
}

# --- Standard descriptors

@test "closed standard input is 74, unless it is not needed" {
	run -74 sh -c 'sp-pub -c "$1" <&-' - "$C" # with the redirection here, run's own pipe gets number 0
	[ "$(R EXISTS "$C:log")" -eq 0 ]
	sp-pub -c "$C" x <&-
	sp-pub -c "$C" -- echo hello <&-
	[ "$(types)" = 'x token done ' ]
}

@test "standard input that cannot be read is 74 and ends the run with an error" {
	run -74 sp-pub -c "$C" </
	[[ $output == *'standard input'* ]]
	[ "$(types)" = 'error ' ]
}

@test "closed standard output is 74 where something is written to it, and nothing otherwise" {
	echo a | sp-pub -c "$C" >&-
	run -74 sh -c 'sp-sub -p 1 -s s >&-'
	run -74 sh -c 'echo a | sp-pub -c "$1" --tee >&-' - "$C"
	run -74 sh -c 'echo a | sp-pub -c "$1" --ids >&-' - "$C"
}

@test "closed standard error changes nothing but what is told" {
	echo a | sp-pub -c "$C" 2>&-
	[ "$(types)" = 'token done ' ]
	status=0
	sp-pub -u unix:///nowhere/s --connect-timeout 100ms -c "$C" x 2>&- || status=$?
	[ "$status" -eq 69 ]
	sp-pub -c "$C.2" x n:=1 <&- >&- 2>&-
	[ "$(log_lines "$C.2:log" | jq -c .n)" = 1 ]
}

@test "a full disk is 74, and the log has all that was read, and an error" {
	numbers 100 >in
	run -74 sh -c 'sp-pub -c "$1" --tee <in >/dev/full' - "$C"
	[[ $output == *'standard output'* ]]
	[[ $(types) == *'error ' ]]
	run -74 sh -c 'sp-pub -c "$1" -f lines --ids <in >/dev/full' - "$C.2"
	[ "$(log_lines "$C.2:log" | jq -r 'select(.type == "token") | .content' | grep -c .)" -eq 100 ]
	sp-pub -p "$P" -s s -f lines <in
	run -74 sh -c 'sp-sub -p "$1" -s s >/dev/full' - "$P"
	[[ $output == *'standard output'* ]]
}

@test "a reader of our output that leaves ends us by SIGPIPE, without a word" {
	numbers 30000 | sp-pub -p "$P" -s s -f lines --maxlen 0
	run bash -c 'sp-sub -p "$1" -s s 2>err | head -n 1; echo "${PIPESTATUS[0]}"' - "$P"
	[ "${lines[1]}" -eq 141 ]
	[ ! -s err ]
	run bash -c 'yes | sp-pub -c "$1" --tee 2>err | head -n 1; echo "${PIPESTATUS[1]}"' - "$C"
	[ "${lines[1]}" -eq 141 ]
	[ ! -s err ]
	[[ $(R XREVRANGE "$C:log" + - COUNT 1 | tail -n 1) == *'"type":"error"'* ]]
	run bash -c 'yes | sp-pub -c "$1" --ids 2>err | head -n 1; echo "${PIPESTATUS[1]}"' - "$C.2"
	[ "${lines[1]}" -eq 141 ]
	[ ! -s err ]
}

# --- Signals

@test "a signal to a publisher that waits for input ends the run with an error, and 128 and its number" {
	mkfifo in
	exec 4<>in
	for signal in INT:130 TERM:143 HUP:129; do
		R DEL "$C:log"
		bg_in=in bg pub "${FG[@]}" sp-pub -c "$C"
		printf hello >&4
		wait_until 5 logged "$C:log" 1
		kill "-${signal%:*}" "$bg_pid"
		ends "$bg_pid"
		[ "$status" -eq "${signal#*:}" ]
		[ "$(types)" = 'token error ' ]
	done
	exec 4>&-
}

@test "a signal to a publisher stops its COMMAND too" {
	bg pub "${FG[@]}" sp-pub -c "$C" -- sh -c 'echo $$ >pid; echo out; exec sleep 60'
	wait_until 5 logged "$C:log" 1
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[ "$status" -eq 143 ]
	[ "$(types)" = 'token error ' ]
	wait_until 5 gone "$(<pid)"
}

@test "a signal to a publisher without Redis ends it, and it says what is not acknowledged" {
	for signal in INT:130 TERM:143; do
		bg pub "${FG[@]}" sp-pub -u unix:///nowhere/s -c "$C" -- sh -c 'echo out; sleep 60'
		wait_until 5 says pub.err retrying
		kill "-${signal%:*}" "$bg_pid"
		ends "$bg_pid" 3
		[ "$status" -eq "${signal#*:}" ]
		says pub.err 'not acknowledged'
	done
}

@test "a second signal ends a publisher at once" {
	fake_redis 'touch reached; sleep 60'
	bg pub "${FG[@]}" sp-pub -u "$fake_url" --timeout 60s -c "$C" x
	wait_until 5 test -e reached
	kill -INT "$bg_pid"
	sleep 0.2 # the first one is being waited for: it must not have ended
	run ! gone "$bg_pid"
	kill -INT "$bg_pid"
	ends "$bg_pid" 2
	[ "$status" -eq 130 ]
}

@test "a publisher waits a while for acknowledgements after a signal, then says what is missing" {
	fake_redis 'touch reached; sleep 60'
	bg pub "${FG[@]}" sp-pub -u "$fake_url" --timeout 60s -c "$C" -- sh -c 'echo out; touch said; sleep 60'
	wait_until 5 test -e reached -a -e said
	kill -TERM "$bg_pid"
	ends "$bg_pid" 8
	[ "$status" -eq 143 ]
	says pub.err 'not acknowledged'
}

@test "a signal to a reader ends it, whatever it waits for" {
	fake_redis 'sleep 60'
	for signal in INT:130 TERM:143 HUP:129; do
		bg live "${FG[@]}" sp-sub -p "$P" -s s
		live=$bg_pid
		bg away "${FG[@]}" sp-sub -u unix:///nowhere/s -p "$P" -s s
		away=$bg_pid
		bg mute "${FG[@]}" sp-sub -u "$fake_url" -p "$P" -s s
		mute=$bg_pid
		wait_until 5 subscribed "$STAGE"
		wait_until 5 says away.err retrying
		for pid in "$live" "$away" "$mute"; do
			kill "-${signal%:*}" "$pid"
			ends "$pid" 3
			[ "$status" -eq "${signal#*:}" ]
		done
		[ ! -s live.err ]
	done
}

@test "a signal ends a tool that is blocked by who should read its output" {
	numbers 100000 >input
	sp-pub -p "$P" -s s -f lines --maxlen 0 <input
	mkfifo out
	exec 4<>out
	bg sub "${FG[@]}" sh -c 'exec sp-sub -p "$1" -s s >out' - "$P"
	wait_until 5 eval 'read -t 0 -u 4'
	sleep 0.2 # until the pipe is full
	kill -INT "$bg_pid"
	ends "$bg_pid" 3
	[ "$status" -eq 130 ]
	bg_in=input bg pub "${FG[@]}" sh -c 'exec sp-pub -c "$1" --tee >out' - "$C"
	wait_until 5 logged "$C:log" 1
	sleep 0.2 # as above
	kill -TERM "$bg_pid"
	ends "$bg_pid" 3
	[ "$status" -eq 143 ]
	exec 4>&-
}

@test "a publisher started by nohup outlives its terminal" {
	mkfifo in
	exec 4<>in
	bg_in=in bg pub sh -c 'trap "" HUP; exec sp-pub -c "$1"' - "$C"
	printf one >&4
	wait_until 5 logged "$C:log" 1
	kill -HUP "$bg_pid"
	printf two >&4
	wait_until 2 logged "$C:log" 2
	run ! gone "$bg_pid"
	[ "$(types)" = 'token token ' ]
	exec 4>&-
}

# --- Redis absent, refusing, mute, mad

@test "a one-shot gives up with 69 after the connect timeout, and says why" {
	run --separate-stderr -69 sp-pub -u unix:///nowhere/s --connect-timeout 200ms -c "$C" x
	[[ $stderr == *'unix:///nowhere/s: No such file'* ]]
	run --separate-stderr -69 sp-pub -u redis://127.0.0.1:1 --connect-timeout 200ms -c "$C" x
	[[ $stderr == *'redis://127.0.0.1:1'*refused* ]]
	run --separate-stderr -69 sp-pub -u redis://no-such-host.invalid --connect-timeout 200ms -c "$C" x
	[[ $stderr == *no-such-host.invalid* ]]
}

@test "a page of a log that is no page is 65, and not waited for" {
	local reply
	# Surveys and subscribes as it should; what then comes in place of a page is in a file.
	cat >odd.py <<-'END'
		import socket, threading
		door = socket.socket(socket.AF_UNIX)
		door.bind("odd")
		door.listen(8)
		ANSWERS = {b"HGET": b"$-1\r\n", b"XREVRANGE": b"*0\r\n", b"TIME": b"*2\r\n$1\r\n9\r\n$1\r\n0\r\n",
		           b"SUBSCRIBE": b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"}
		def serve(c):
		    with c, c.makefile("rb") as f:
		        while head := f.readline():
		            args = [f.read(int(f.readline()[1:]) + 2)[:-2] for _ in range(int(head[1:]))]
		            if args[0] == b"XRANGE":
		                c.sendall(b"*0\r\n" if args[2] == b"-" else open("reply", "rb").read())
		            else:
		                c.sendall(ANSWERS[args[0]])
		while True:
		    threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()
	END
	bg odd python3 odd.py
	wait_until 5 test -S odd
	for reply in '$-1' ':5' '+OK'; do
		printf '%s\r\n' "$reply" >reply
		run --separate-stderr -65 timeout 10 sp-sub -u "unix://$PWD/odd" -c c --since 0
		[[ $stderr == *'no answer to XRANGE'* ]]
	done
}

@test "--give-up ends a run that has failed already; its status is the first reason's" {
	printf '{"n":1}\nnope\n' >in
	run --separate-stderr -65 timeout 10 sp-pub -c "$C" -f json -u redis://127.0.0.1:1 --give-up 200ms <in
	[[ $stderr == *'line 2'*'2 messages were not acknowledged'* && $stderr == *'gave up'* ]]
	run --separate-stderr -65 timeout 10 sp-pub -c "$C" -f json -u redis://127.0.0.1:1 --give-up 200ms \
		-- sh -c 'echo nope; trap "" TERM; sleep 1'
	[[ $stderr == *'line 1'* && $stderr == *'gave up'* ]]
}

@test "a stream waits for Redis, says so once, and --give-up ends it with 69" {
	echo a >in
	SECONDS=0
	for tool in 'sp-pub -c c' 'sp-sub -c c'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr -69 $tool -u redis://127.0.0.1:1 --give-up 700ms <in
		[ "$(grep -c retrying <<<"$stderr")" -eq 1 ]
		[[ $stderr == *'gave up after 0.'* ]]
	done
	[ "$SECONDS" -ge 1 ]
	run --separate-stderr -69 sp-pub -c c -u redis://127.0.0.1:1 --give-up 300ms -v <in
	[ "$(grep -c retrying <<<"$stderr")" -gt 1 ]
	[[ $stderr == *'not acknowledged'* ]]
}

@test "a server that closes each connection, or says nothing, or nonsense, is as good as none" {
	echo a >in
	for behaviour in true 'sleep 20' 'printf "HTTP/1.1 400 Bad Request\r\n\r\n"; sleep 20' \
		'head -c 100000 /dev/zero | tr "\\0" "\\377"; sleep 20' 'printf "*1000000000\r\n"; sleep 20' 'printf "\044-5\r\n"; sleep 20'; do
		fake_redis "$behaviour"
		run --separate-stderr -69 sp-pub -u "$fake_url" --connect-timeout 200ms --timeout 100ms -c "$C" x
		[[ $stderr == *"$PWD/fake"* ]]
		run --separate-stderr -69 sp-pub -u "$fake_url" --give-up 200ms --timeout 100ms -c "$C" <in
		run --separate-stderr -69 sp-sub -u "$fake_url" --give-up 200ms --command-timeout 100ms -c "$C"
		[[ $stderr == *"$PWD/fake"* ]]
		run ! grep -q '[^[:print:]]' <<<"$stderr"
		end_process "$bg_pid" TERM
		rm -f fake
	done
}

@test "a server that hangs in the middle is noticed, and all arrives when it goes on" {
	own_redis "$PWD/redis"
	SOCKET=$own_socket
	mkfifo in
	exec 4<>in
	bg_in=in bg pub sp-pub -u "$own_url" -c "$C" -f lines --timeout 300ms
	publisher=$bg_pid
	numbers 10 one >&4
	wait_until 5 logged "$C:log" 10
	kill -STOP "$own_pid"
	numbers 10 two >&4
	wait_until 5 says pub.err 'no answer'
	kill -CONT "$own_pid"
	wait_until 10 logged "$C:log" 20
	kill -TERM "$publisher"
	ends "$publisher"
	exec 4>&-
	[ "$(log_lines "$C:log" | text_of)" = "$(numbers 10 one; numbers 10 two)" ]
}

@test "a password that is missing or wrong is 77 at once, with a hint and without the secret" {
	own_redis "$PWD/redis" --requirepass right-secret
	echo a >in
	for tool in 'sp-pub -c c x' 'sp-pub -c c' 'sp-sub -c c' 'sp-sub -p p -s s'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr -77 $tool -u "$own_url" <in
		[[ $stderr == *NOAUTH*password* ]]
		# shellcheck disable=SC2086 # words
		run --separate-stderr -77 $tool -v -u "$own_url?password=wrong-secret" <in
		[[ $stderr == *WRONGPASS* && $stderr != *secret* ]]
		# shellcheck disable=SC2086 # words
		run --separate-stderr -77 $tool --log=json -u "redis://:wrong-secret@${own_tcp#redis://}" <in
		[[ $stderr == *WRONGPASS* && $stderr != *secret* && $stderr == *'***'* ]]
	done
	sp-pub -u "redis://:right-secret@${own_tcp#redis://}" -c c x
	sp-pub -u "$own_url?password=right%2Dsecret" -c c x
}

@test "an ACL user works, and what it may not do is 77" {
	own_redis "$PWD/redis"
	redis-cli -s "$own_socket" ACL SETUSER sam on '>s3cret' '~ok*' '~{ok*' '&ok*' +@all -@dangerous
	url=redis://sam:s3cret@${own_tcp#redis://}
	sp-pub -u "$url" -c ok x
	run -77 sp-pub -u "$url" -c other x
	[[ $output == *NOPERM* && $output != *s3cret* ]]
	run -77 sp-sub -u "$url" -c other
	[[ $output == *NOPERM* ]]
	run -77 sp-pub -u "$url" --ephemeral -c other x
}

@test "a secret on the command line is gone from it before anybody can look" {
	bg sub sp-sub -u "unix:///nowhere/s?password=hush-hush" -c "$C"
	sub=$bg_pid
	mkfifo in
	exec 4<>in
	bg_in=in bg pub sp-pub --url=redis://me:hush-hush@127.0.0.1:1 -c "$C"
	pub=$bg_pid
	wait_until 5 says sub.err retrying
	wait_until 5 says pub.err retrying
	for pid in "$sub" "$pub"; do
		tr '\0' ' ' <"/proc/$pid/cmdline" >cmdline
		says cmdline "$C"
		run ! grep -q hush cmdline
	done
	run ! grep -q hush sub.err pub.err
	exec 4>&-
}

@test "a URL that is refused does not show its secret" {
	for url in redis://hush redis://hush@host 'redis://u:hush@h:port' 'redis://u:hush@h@i' 'redis://u:hush@h/x' \
		'rediss://:hush@h' 'redis+sentinel://:hush@h/m?sentinel_password=hush' 'unix:///s?password=hush&x=1' \
		'htp://u:hush@h' 'redis://u:hu%zzsh@h'; do
		[[ $url != redis://hush ]] || continue
		run -64 sp-pub -u "$url" -c c x
		[[ $output != *hush* ]]
		REDIS_URL=$url run -64 sp-sub -c c
		[[ $output != *hush* ]]
	done
}

@test "a Redis that still loads is waited for, and said so once" {
	own_redis "$PWD/redis" --appendonly yes
	redis-cli -s "$own_socket" EVAL 'for i = 1, 20000 do redis.call("SET", "k" .. i, i) end' 0
	end_process "$own_pid" KILL
	own_port=${own_tcp##*:} own_redis "$PWD/redis" --appendonly yes --key-load-delay 60
	SOCKET=$own_socket
	[[ $(redis-cli -s "$own_socket" PING) == LOADING* ]]
	bg pub sp-pub -u "$own_url" -c "$C" x
	bg sub sp-sub -u "$own_url" -c "$C" --since 0 -n 1
	ends "$bg_pid" 15
	[ "$status" -eq 0 ]
	[ "$(grep -c retrying sub.err)" -eq 1 ]
	says sub.err LOADING
	[ "$(grep -c retrying pub.err)" -eq 1 ]
	[ "$(types)" = 'x ' ]
}

refusals() { # WORD: how often the server has answered so
	R INFO errorstats | sed -n "s/^errorstat_$1:count=\([0-9]*\).*/\1/p"
}

more_refusals() { # WORD THAN
	[[ $(refusals "$1") -gt $2 ]]
}

@test "a Redis that is full, read-only, or short of replicas is waited for, and said so once" {
	own_redis "$PWD/redis"
	SOCKET=$own_socket
	refuse_and_relent() { # WORD REFUSE... -- RELENT...
		local word=$1 refuse=()
		shift
		while [[ $1 != -- ]]; do
			refuse+=("$1")
			shift
		done
		shift
		R DEL "$C:log"
		R "${refuse[@]}"
		echo hello >in
		bg_in=in bg pub sp-pub -u "$own_url" -c "$C"
		wait_until 5 says pub.err "$word"
		before=$(refusals "$word")
		wait_until 5 more_refusals "$word" "$before" # it tries again
		R "$@"
		ends "$bg_pid" 15
		[ "$status" -eq 0 ]
		[ "$(grep -c retrying pub.err)" -eq 1 ]
		[ "$(grep -c 'connected again' pub.err)" -eq 1 ]
		[ "$(types)" = 'token done ' ]
	}
	refuse_and_relent OOM CONFIG SET maxmemory 1 -- CONFIG SET maxmemory 0
	refuse_and_relent NOREPLICAS CONFIG SET min-replicas-to-write 1 -- CONFIG SET min-replicas-to-write 0
	refuse_and_relent READONLY REPLICAOF 127.0.0.1 1 -- REPLICAOF NO ONE
}

@test "a log key that holds something else is 65, and is named" {
	R SET "$C:log" 'something else'
	echo a >in
	for tool in 'sp-pub x' 'sp-pub' 'sp-sub --since 0' 'sp-sub'; do
		# shellcheck disable=SC2086 # words
		run -65 $tool -c "$C" <in
		[[ $output == *"$C:log"*WRONGTYPE* ]]
	done
	sp-pub -c "$C" --ephemeral x
	[ "$(R GET "$C:log")" = 'something else' ]
	R SET "{$C.2:log}:runs" x
	run -65 sp-pub -c "$C.2" x
	[[ $output == *WRONGTYPE* ]]
}
