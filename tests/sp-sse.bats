#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-sse: the filter, the decoder, the stream on standard output, refusals. What it serves: inetd.bats.

load helpers
load http

# --- The filter

@test "the filter makes one event of each line: the id from sp.id, the line itself as data, nothing of its own" {
	{
		echo '{"type":"token","content":"a","sp":{"run":"r","seq":0,"id":"1732100000123-0"}}'
		echo '{"type":"done"}'
		echo '  {"b" : [1, {"c":2}]}  '
	} >in
	sp-sse <in >out
	printf '%s\n' 'id: 1732100000123-0' "data: $(sed -n 1p in)" '' "data: $(sed -n 2p in)" '' "data: $(sed -n 3p in)" '' |
		diff - out
}

@test "an sp.id that does not look like an id becomes none" {
	local id
	for id in '"x"' '"1-2-3"' '"1"' '"-1-0"' '"01-0"' '"1-0 "' '"1-0\nevent: x"' '""' '1' 'null' '["1-0"]' '{"id":"1-0"}' \
		'"18446744073709551616-0"' '"1\u002d0"'; do
		echo "{\"id\":\"7-7\",\"sp\":{\"id\":$id}}"
	done >in
	echo '{"id":"7-7","sp":"1-0"}' >>in
	echo '{"sp":{"id":"18446744073709551615-18446744073709551615"}}' >>in
	sp-sse <in >out
	grep '^id' out >ids
	echo 'id: 18446744073709551615-18446744073709551615' | diff - ids
	[[ $(strict <out | wc -l) -eq 16 ]]
}

@test "--event-names takes event: from the type, unless that holds CR, LF or NUL, or is no string" {
	printf '%s\n' '{"type":"token"}' '{"type":"a\nb"}' '{"type":"a\rb"}' '{"type":"a\u0000b"}' '{"type":7}' '{"type":""}' \
		'{"a":1}' '{"type":"t\u00e9l\u00e9"}' >in
	sp-sse --event-names <in >out
	strict <out | jq -r .event | paste -sd ' ' >names
	echo 'token message message message message message message télé' | diff - names
	grep -c '^event: ' out | grep -qx 2
	sp-sse <in | not grep '^event'
}

@test "the filter skips blank lines and a byte-order mark, and takes a last line without newline" {
	printf '\xef\xbb\xbf{"n":1}\n\n \t \n\r\n{"n":2}\n{"n":3}' | sp-sse | strict | jq -r '.data | fromjson | .n' | paste -sd ' ' >got
	echo 1 2 3 | diff - got
}

@test "data with any line end inside stays one event" {
	printf '{"n":\r1}\n{"n":\r\r2}\r\n' | sp-sse | strict | jq -r '.data | fromjson | .n' | paste -sd ' ' >got
	echo 1 2 | diff - got
}

@test "the filter writes an event as soon as its line has come" {
	mkfifo in
	exec {feed}<>in
	bg_in=in bg filter sp-sse
	echo '{"n":1}' >&"$feed"
	wait_until 5 says filter.out 'data: {"n":1}'
	printf '{"n":' >&"$feed"
	echo '2}' >&"$feed"
	wait_until 5 says filter.out 'data: {"n":2}'
	[[ $(tail -c 2 filter.out | od -An -c | tr -d ' ') == '\n\n' ]]
	exec {feed}>&-
}

@test "nothing in, nothing out, status 0" {
	run sp-sse </dev/null
	[[ $status -eq 0 && -z $output ]]
	run sp-sse -d </dev/null
	[[ $status -eq 0 && -z $output ]]
}

# refuses N: standard input is refused at line N with 65, and what was in front of it is written.
refuses() {
	local status=0
	sp-sse "${@:2}" >out 2>err || status=$?
	[[ $status -eq 65 ]] && says err "line $1:" && lines err 1 && not lines err 2 &&
		[[ $(grep -c '^data: {"n":' out) -eq $(($1 - 1)) ]] && return
	echo "status $status, $(cat err), $(cat out)" >&2
	return 1
}

@test "a line that is not a JSON object is refused with 65 and its number; what was before it is written" {
	local bad
	for bad in 'x' '[1]' '"text"' '1' 'null' '{"a":1' '{"a":1}}' '{"a":1} {"b":2}' '{a:1}' '{"a":01}' "{'a':1}" '{"a":1,}' '{"a":"\x"}' \
		'{"a":"\t"}' '{"a":NaN}'; do
		printf '{"n":1}\n\n{"n":3}\n%b\n{"n":5}\n' "${bad//\\x/\\\\x}" >in
		sed -i 2s/.*/'{"n":2}'/ in
		refuses 4 <in
	done
}

@test "invalid UTF-8 and NUL are refused with 65 and the line's number" {
	local bad
	for bad in '\xff' '\xc0\xaf' '\xed\xa0\x80' '\xf4\x90\x80\x80' '\xe2\x82' '\x00'; do
		# shellcheck disable=SC2059
		printf "{\"n\":1}\n{\"a\":\"$bad\"}\n" | refuses 2
	done
	printf '{"n":1}\n\xef\xbb\xbf{"n":2}\n' | refuses 2
}

@test "the number counts blank lines, and the last line too when it has no newline" {
	printf '\n\n{"n":1}\n\n{' >in
	run -65 --separate-stderr sp-sse <in
	[[ $stderr == *'line 5:'* && $output == 'data: {"n":1}' ]]
}

nested() { # DEPTH
	printf '{"a":%s%s}\n' "$(printf '[%.0s' $(seq 2 "$1"))" "$(printf ']%.0s' $(seq 2 "$1"))"
}

@test "JSON may nest 256 deep, not 257" {
	nested 256 | sp-sse | strict >/dev/null
	{
		echo '{"n":1}'
		nested 257
	} | refuses 2
}

@test "a line may have 1 MiB, not a byte more; --max-line says otherwise" {
	{
		printf '{"a":"'
		head -c $((1048576 - 8)) /dev/zero | tr '\0' x
		printf '"}\n'
	} >in
	[[ $(wc -c <in) -eq 1048577 ]]
	sp-sse <in >out
	[[ $(wc -c <out) -eq $((1048576 + 6 + 2)) ]]
	{
		echo '{"n":1}'
		sed 's/x"/xx"/' in
	} >longer
	refuses 2 <longer
	truncate -s -1 longer # without its newline
	refuses 2 <longer
	printf '{"n":12}\n{"n":123}\n' | refuses 2 --max-line 8
}

@test "a full disk is 74, for the filter, the decoder and the stream" {
	publish_run a
	echo '{}' >in
	printf 'data: x\n\n' >events
	status=0
	sp-sse <in >/dev/full 2>err || status=$?
	[[ $status -eq 74 ]] && says err 'No space left'
	status=0
	sp-sse -d <events >/dev/full 2>err || status=$?
	[[ $status -eq 74 ]] && says err 'No space left'
	status=0
	sp-sse -p "$P" -s s >/dev/full 2>err || status=$?
	[[ $status -eq 74 ]] && says err 'No space left'
}

@test "a full disk is 74 even when the input ends in the middle of a line" {
	printf '{}\n{"bad' >in
	status=0
	sp-sse <in >/dev/full 2>err || status=$?
	[[ $status -eq 74 ]]
	says err 'No space left'
}

@test "closed descriptors are 74, except standard error, and standard input where it is not read" {
	publish_run a
	echo '{"n":1}' >in
	status=0
	sp-sse <&- >out 2>err || status=$?
	[[ $status -eq 74 ]] && says err 'standard input is closed'
	for option in '' -d --inetd "-p $P -s s"; do
		status=0
		# shellcheck disable=SC2086 # two words
		sp-sse $option <in >&- 2>err || status=$?
		[[ $status -eq 74 ]] && says err 'standard output is closed'
	done
	status=0
	sp-sse --inetd <&- >out 2>err || status=$?
	[[ $status -eq 74 && ! -s out ]] && says err 'standard input is closed'
	sp-sse -p "$P" -s s <&- >out
	[[ $(types out) == 'connected token done stream_end' ]]
	status=0
	echo x | sp-sse >out 2>&- || status=$?
	[[ $status -eq 65 && ! -s out ]]
	# With nobody to tell, it still ends as it should.
	status=0
	sp-sse -v -p "$P" -s s --since 0 -u "unix://$PWD/nowhere" --give-up 100ms >out 2>&- || status=$?
	[[ $status -eq 69 && ! -s out ]]
}

@test "a reader that has enough ends the filter, the decoder and the stream quietly" {
	local command
	for command in "yes '{}' | sp-sse" "yes 'data: {}
' | sp-sse -d" "yes '{}' | (trap '' PIPE; exec sp-sse)" "yes 'data: {}
' | (trap '' PIPE; exec sp-sse -d)"; do
		bash -c "($command; echo \${PIPESTATUS[1]} >status) 2>err | head -n 1" >out
		echo "$command: $(cat status err)"
		[[ $(<status) -eq 141 ]]
		not says err sp-sse
		lines out 1
	done
}

@test "a stream whose reader has left ends quietly, SIGPIPE ignored or not" {
	local ignore
	for ignore in : "trap '' PIPE"; do
		mkfifo pipe
		# Both sides open, then no reader any more.
		bash -c "exec 3<>pipe 4>pipe 3>&-; $ignore; exec sp-sse -p '$P' -s s >&4 4>&-" 2>err && status=0 || status=$?
		rm pipe
		echo "$ignore: $status $(cat err)"
		[[ $status -eq 141 ]]
		[[ ! -s err ]]
	done
}

@test "pipes that somebody else made non-blocking lose nothing" {
	numbers 3000 | sed 's/.*/{"n":&,"padding":"0123456789012345678901234567890123456789"}/' >in
	sp-sse <in >want
	python - <<-'END' >out
		import fcntl, os, subprocess, sys, threading, time
		def pipe():
		    ends = os.pipe()
		    for fd in ends:
		        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
		    return ends
		in_r, in_w = pipe()
		out_r, out_w = pipe()
		child = subprocess.Popen(['sp-sse'], stdin=in_r, stdout=out_w)
		os.close(in_r), os.close(out_w)
		def feed():
		    os.set_blocking(in_w, True)
		    with open('in', 'rb') as f, os.fdopen(in_w, 'wb') as to:
		        to.write(f.read())
		threading.Thread(target=feed, daemon=True).start()
		os.set_blocking(out_r, True)
		sys.stdout.buffer.write(os.fdopen(out_r, 'rb').read())
		sys.stdout.flush()
		sys.exit(child.wait(10))
	END
	cmp want out
}

# --- The decoder

@test "what the filter wrote, the decoder gives back byte for byte" {
	{
		seq 1 2000 | sed 's/.*/{"type":"token","content":"& é 漢 😀 \\n\\u2028","sp":{"run":"r","seq":&,"id":"&-0"}}/'
		printf '{"raw":"\xe2\x80\xa8\xe2\x80\xa9\x7f\xef\xbb\xbf"}\n'
		head -c 100000 /dev/zero | tr '\0' z | sed 's/.*/{"long":"&"}/'
		echo
	} >in
	sp-sse <in | sp-sse -d >out
	cmp in out
	sp-sse --event-names <in | sp-sse -d >out
	cmp in out
}

@test "CR, LF and CRLF all end a line, a mix of them too" {
	printf 'data: {"n":1}\r\rdata: {"n":2}\n\ndata: {"n":3}\r\n\r\n: note\rdata: {"n":4}\n\r\n' | sp-sse -d >out
	printf '{"n":%d}\n' 1 2 3 4 | diff - out
}

@test "comments, retry:, unknown fields, events without data and a byte-order mark are passed over" {
	printf '\xef\xbb\xbfdata: {"n":1}\n\n: heartbeat\n\nretry: 10\n\nevent: x\nid: 3\n\nfoo: bar\nDATA: {"n":9}\ndata: {"n":2}\n\n' |
		sp-sse -d >out
	printf '{"n":%d}\n' 1 2 | diff - out
}

@test "the last event is discarded without its empty line" {
	printf 'data: {"n":1}\n\ndata: {"n":2}\n' | sp-sse -d >out
	echo '{"n":1}' | diff - out
	printf 'data: {"n":1}\n\ndata: {"n":2}' | sp-sse -d >out
	echo '{"n":1}' | diff - out
}

@test "one space behind the colon is not the value's; more are" {
	printf 'data:x\n\ndata:  x\n\ndata\n\ndata:\ndata:\n\ndata: a: b\n\n' | sp-sse -d >out
	printf '%s\n' '{"data":"x"}' '{"data":" x"}' '{"data":""}' '{"data":"\n"}' '{"data":"a: b"}' | diff - out
}

@test "a JSON object over several data lines becomes one line, its line ends spaces" {
	printf 'id: 5\nevent: x\ndata: {"a":\ndata:  1,\rdata: "b":2}\n\n' | sp-sse -d >out
	echo '{"a":  1, "b":2}' | diff - out
}

@test "data that is no JSON object becomes {\"data\":…}, with event and id when the event has them" {
	{
		printf 'data: hello\ndata: "you"\n\n'
		printf 'event: greeting\nid: 7-0\ndata: [1]\n\n'
		printf 'data: 12\n\n'
		printf 'id\ndata: {"a":1\n\n'
		printf 'id: a\0b\ndata: nul\n\n'
		printf 'id: 8\n\ndata: later\n\n'
		printf 'event: y\ndata: {"a":1} {"b":2}\n\n'
	} | sp-sse -d >out
	printf '%s\n' '{"data":"hello\n\"you\""}' '{"id":"7-0","event":"greeting","data":"[1]"}' '{"data":"12"}' '{"data":"{\"a\":1"}' \
		'{"data":"nul"}' '{"id":"8","data":"later"}' '{"event":"y","data":"{\"a\":1} {\"b\":2}"}' | diff - out
}

@test "--meta wraps every event, objects as they are" {
	printf 'id: 1-0\nevent: token\ndata: {"a": 1.0}\n\ndata: {"b":\ndata: 2}\n\nevent: e\ndata: x\n\n' | sp-sse -d --meta >out
	printf '%s\n' '{"id":"1-0","event":"token","data":{"a": 1.0}}' '{"data":{"b": 2}}' '{"event":"e","data":"x"}' | diff - out
}

@test "what is not UTF-8 becomes U+FFFD, in data, type and id" {
	printf 'id: \xff1\nevent: \xc3\ndata: a\xe2\x82b\n\ndata: {"a":"\xff"}\n\n' | sp-sse -d >out
	printf '%s\n' '{"id":"�1","event":"�","data":"a�b"}' '{"data":"{\"a\":\"�\"}"}' | diff - out
}

@test "an event above --max-line is refused with 65 and its number; those before it are written" {
	printf 'data: {"n":1}\n\ndata: 123456789\ndata: 123456789\n\n' >in
	run -65 --separate-stderr sp-sse -d --max-line 18 <in
	[[ $stderr == *'event 2 '* && $output == '{"n":1}' ]]
	{
		printf 'data: '
		head -c 1048577 /dev/zero | tr '\0' x
	} >in
	run -65 --separate-stderr sp-sse -d <in
	[[ $stderr == *'event 1 '* ]]
}

@test "the decoder and a parser written from the standard alone agree on an unpleasant stream" {
	{
		printf '\xef\xbb\xbf:x\r\nid: 1\rdata:a\n\r\n\r\n\n\nevent:\xff\ndata: \xef\xbb\xbf\ndata\n\n'
		printf 'id\ndata: x\n\nevent: a\nevent: b\nid: q\nid: r\ndata:: y\n\n event: c\ndata : no\ndata: yes\n\n'
		printf 'retry: 5\nretry: x\nid: s\n\ndata: t\n\ndata: \x00\n\nid: u\x00\ndata: v\n\n:\n:data: w\n\r\r\ndata:\tz\n\ndata: cut'
	} >in
	sp-sse -d --meta <in | jq -c '[.event // "message", .data]' >got
	strict --lenient <in | jq -c 'select(.event) | [.event, .data]' >want
	lines want 7
	diff want got
}

# --- A stream on standard output

@test "-p and -s stream the latest run from its start, then end: connected, its messages, stream_end, status 0" {
	publish_run old
	publish_run one two
	sp-sse -p "$P" -s s >out
	strict <out >events
	[[ $(head -n 1 events) == '{"retry": 2000}' ]]
	[[ $(types out) == 'connected token token done stream_end' ]]
	tokens out | paste -sd ' ' | grep -qx 'one two'
	messages out | diff <(log_lines "$LOG" | tail -n 3 | jq -c .) -
	# Each message under its own id, and no other event under a new one.
	jq -r 'select(.data) | .id' events >ids
	jq -r 'select(.data) | .data | fromjson | .sp.id // "-"' events >sp
	[[ $(sed -n 2,4p ids) == "$(sed -n 2,4p sp)" && $(sed -n 5p ids) == "$(sed -n 4p ids)" ]]
	not grep -q '^event: ' out
}

@test "a run of any length is replayed whole: around one page of the log, and over many" {
	local n
	for n in 98 99 100 101 102 1100 2500; do
		stage=s$n
		numbers "$n" | sed 's/.*/{"type":"token","content":"&"}/' | sp-pub -p "$P" -s "$stage" --from json
		status=0
		timeout 5 sp-sse -p "$P" -s "$stage" >out || status=$?
		echo "$n: status $status, $(grep -c '^data' out) events"
		[[ $status -eq 0 ]]
		tokens out | diff <(numbers "$n") -
	done
}

@test "a run that ended with an error ends the stream with status 1" {
	run -1 sp-pub -p "$P" -s s --from json <<<$'{"type":"token","content":"a"}\n{"type":"error","error":"no"}'
	status=0
	sp-sse -p "$P" -s s >out || status=$?
	[[ $status -eq 1 && $(types out) == 'connected token error stream_end' ]]
}

@test "a stream follows a run live, an event as soon as its message is published" {
	bg stream sp-sse -p "$P" -s s --event-names
	wait_until 5 connected stream
	[[ $(types stream.out) == connected ]]
	publish a
	wait_until 5 says stream.out '"content":"a"'
	publish b
	wait_until 5 says stream.out '"content":"b"'
	sp-pub -p "$P" -s s 'done'
	ends "$bg_pid"
	[[ $status -eq 0 ]]
	strict <stream.out | jq -r 'select(.data) | .event' | paste -sd ' ' >names
	echo 'connected token token done stream_end' | diff - names
}

@test "-p alone follows all stages from now on and never ends by itself" {
	publish_run old
	bg stream sp-sse -p "$P"
	wait_until 5 connected stream
	publish_run new
	stage=t publish other
	wait_until 5 says stream.out other
	[[ $(types stream.out) == 'connected token done token' ]]
	tokens stream.out | paste -sd ' ' | grep -qx 'new other'
	not gone "$bg_pid"
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[[ $status -eq 143 ]]
	bg stream sp-sse -p "$P"
	wait_until 5 connected stream
	kill -HUP "$bg_pid"
	ends "$bg_pid"
	[[ $status -eq 129 ]]
}

@test "--since takes run, now, 0, an id and a duration" {
	local id
	publish_run old
	publish_run one two
	since() { # WHEN TEXT
		# A second message of the run in hand would begin a new one: only the end is published.
		sp-sse -p "$P" -s s --since "$1" >out
		tokens out | paste -sd ' ' >got
		diff <(echo "$2") got
	}
	id=$(id_of 3)
	since run 'one two'
	since 0 'old'
	since "$id" 'two'
	since 1h 'old'
	bg stream sp-sse -p "$P" -s s --since now
	wait_until 5 connected stream
	publish_run new
	ends "$bg_pid"
	[[ $(types stream.out) == 'connected token done stream_end' ]]
	for bad in x 5x -- '' 1-2-3 1-x; do
		run -64 sp-sse -p "$P" -s s --since "$bad"
	done
}

@test "silence is filled with comments" {
	bg stream sp-sse -p "$P" -s s --heartbeat 50ms --retry 7s
	wait_until 5 says stream.out ': heartbeat'
	strict --cut <stream.out | jq -e -s '.[0].retry == 7000 and .[1].event == "message" and (.[2].comment | length) > 0'
}

@test "TERM ends a stream whose reader takes nothing, with 143" {
	seq 1 5000 | sed 's/.*/{"type":"token","content":"& 0123456789012345678901234567890"}/' | sp-pub -p "$P" -s s --from json
	mkfifo pipe
	exec {held}<>pipe
	sp-sse -p "$P" -s s >pipe 2>err {held}>&- 3>&- &
	bg_pid=$!
	PIDS+=("$bg_pid")
	is_full() { # the pipe: FIONREAD tells what is in it
		python -c 'import array, fcntl, termios
n = array.array("i", [0])
fcntl.ioctl(0, termios.FIONREAD, n)
raise SystemExit(n[0] < 60000)' <&"$held"
	}
	wait_until 5 is_full
	kill -TERM "$bg_pid"
	ends "$bg_pid" 2
	exec {held}>&-
	echo "$status $(cat err)"
	[[ $status -eq 143 ]]
}

@test "a stream waits for a Redis that is away, and --give-up ends that with 69" {
	local redis=$PWD/redis
	bg stream sp-sse -p "$P" -s s -u "unix://$redis/redis.sock"
	wait_until 5 says stream.err 'retrying in'
	[[ ! -s stream.out ]]
	local stream=$bg_pid
	own_redis "$redis"
	echo one | sp-pub -u "$own_url" -p "$P" -s s
	ends "$stream" 8
	[[ $status -eq 0 && $(types stream.out) == 'connected token done stream_end' ]]
	run -69 sp-sse -p "$P" -s s -u "unix://$PWD/nowhere" --give-up 200ms
}

@test "permanent refusals end a stream with one line: a wrong password 77, another type's log 65" {
	own_redis "$PWD/redis" --requirepass secret
	for url in "$own_url?password=wrong" "$own_url"; do
		status=0
		sp-sse -p "$P" -s s -u "$url" >out 2>err || status=$?
		[[ $status -eq 77 && ! -s out && $(wc -l <err) -eq 1 ]]
		not says err wrong
	done
	R SET "$LOG" x
	status=0
	sp-sse -p "$P" -s s >out 2>err || status=$?
	R DEL "$LOG"
	[[ $status -eq 65 && ! -s out && $(wc -l <err) -eq 1 ]]
	says err "$LOG"
}

# --- Refusals

@test "misuse is 64, with one line and a hint on standard error, and nothing on standard output" {
	misuse() { # ARG...
		status=0
		sp-sse "$@" </dev/null >out 2>err || status=$?
		echo "$*: $status $(cat err)"
		[[ $status -eq 64 && ! -s out && $(wc -l <err) -eq 2 ]] && grep -q '^sp-sse: .*--help' err
	}
	misuse --nonsense
	misuse operand
	misuse -- cat
	misuse -d --inetd
	misuse -d -p 7
	misuse --inetd -p 7
	misuse --meta
	misuse -s s
	misuse -p 'a:b' -s s
	misuse -p 7 -s 'a b'
	misuse -p 7 -s '*'
	misuse -p .. -s s
	misuse -p '' -s s
	misuse -p 7 --namespace 'a*'
	misuse --inetd --cors 'https://a.example/'
	misuse --inetd --cors 'a.example'
	misuse --inetd --auth token
	misuse --inetd --heartbeat soon
	misuse --inetd --heartbeat 0
	misuse --inetd --max-header 63
	misuse --inetd -u nonsense://x
	misuse --max-line -5
	misuse -p 7 --since tomorrow
}

@test "--key is for serving, and is not mixed with what serves without tokens" {
	for more in '' '-p 7 -s s' -d '--inetd --auth none' '--inetd --allow x' '--inetd --insecure'; do
		# shellcheck disable=SC2086 # words
		run -64 --separate-stderr sp-sse --key file $more
		[[ -z $output && $stderr == *'--key'* ]]
	done
}

@test "a file for -u that is not there is 66" {
	run -66 sp-sse -p 7 -s s -u @nowhere
}

@test "--help and --version print to standard output and end with 0" {
	run --separate-stderr sp-sse --help
	[[ $status -eq 0 && $output == usage:* && -z $stderr ]]
	run --separate-stderr sp-sse --version
	[[ $status -eq 0 && -n $output && -z $stderr ]]
	status=0
	sp-sse --help >/dev/full 2>/dev/null || status=$?
	[[ $status -eq 74 ]]
}
