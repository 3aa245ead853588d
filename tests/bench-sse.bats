#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bench-sse: sp-bench sse finds in a server what is wrong with it, and nothing else.

load helpers
load terminal

# Starts tests/sse-server.py; $server is where it listens, as a URL without a path.
serve() { # OPTION...
	rm -f server.out # of an earlier one
	bg server python3 -I -S "$ROOT/tests/sse-server.py" "$@"
	wait_until 10 grep -q ready server.out
	server=http://127.0.0.1:$(sed -n 's/ready //p' server.out)
}

# A run that publishes by POST; the JSON is in out.json, $status the status.
load_it() { # OPTION...
	status=0
	sp-bench sse --url "$server/events/{n}" -H 'X-Reader: {n}' --publish post --publish-url "$server/pub/{n}" \
		-q "$@" >out.json 2>err </dev/null || status=$?
}

is() { # FILTER: true of the report
	[[ -s out.json ]] && jq -e "$1" out.json >/dev/null || { jq -c "{result, latency_us, audit, slots, status}" out.json >&2; cat err >&2; false; }
}

# Status 0, or 1 for the sole reason that this machine was too busy to publish in time.
passes() {
	[[ $status -eq 0 ]] || { [[ $status -eq 1 ]] && is '.slots.missed_percent > 1 or .result.connects_missed_percent > 1'; }
}

audit_is() { # LOST DUPLICATED REORDERED CORRUPTED
	is "[.audit | .lost, .duplicated, .reordered, .corrupted, .stale] == [$1, $2, $3, $4, 0]"
}

@test "sse: a good server has a clean audit, plain and chunked" {
	serve
	load_it --connections 5 --duration 1s --publish-rate 100
	passes
	audit_is 0 0 0 0
	is '.result | .published == 100 and .deliveries == 500 and .streams == 5 and .chunked == 0 and .statuses == {"200": 5}'
	is '.latency_us | .corrected.count == 500 and .uncorrected.count == 500 and .gap.count == 495 and .first_event.count == 5'
	serve --chunked
	load_it --connections 5 --duration 1s --publish-rate 100
	passes
	audit_is 0 0 0 0
	is '.result | .chunked == 5 and .deliveries == 500'
}

@test "sse: each of many channels has its own readers and its own audit" {
	serve
	load_it --connections 20 --channels 10 --streaming 4 --publish-connections 2 --duration 1s --publish-rate 80 --processes 3
	passes
	audit_is 0 0 0 0
	is '.settings.processes == 3 and .result.deliveries == 160'
}

@test "sse: one message dropped, repeated, swapped, corrupted: exactly that is found" {
	local -A want=([drop]='2 0 0 0' [repeat]='0 2 0 0' [swap]='0 0 2 0' [corrupt]='0 0 0 2')
	local fault
	for fault in "${!want[@]}"; do
		serve --"$fault" 50
		load_it --connections 2 --count 100 --publish-rate 0
		echo "$fault"
		# shellcheck disable=SC2086 # four words
		audit_is ${want[$fault]}
		[[ $status -eq 1 ]] || { echo "status $status" >&2; cat err >&2; false; }
	done
}

@test "sse: the last message of all counts as lost too" {
	serve --drop 100
	load_it --connections 2 --count 100 --publish-rate 0 --drain 300ms
	audit_is 2 0 0 0
	[[ $status -eq 1 ]]
	says err 'got everything' || [[ $(jq .audit.lost out.json) -eq 2 ]]
}

@test "sse: a server that sleeps 100 ms once a second: the corrected p99 shows it, the uncorrected does not" {
	serve --sleep 100
	load_it --connections 1 --duration 3s --publish-rate 500
	is '.latency_us | .corrected.p99 > 50000 and .uncorrected.p99 < .corrected.p99 / 2'
	audit_is 0 0 0 0
}

@test "sse: readers that are cut off come back with their last id and miss nothing" {
	serve --cut 10
	load_it --connections 3 --channels 3 --duration 2s --publish-rate 90 --retry 100ms
	audit_is 0 0 0 0
	is '.result | .reconnects == 3 and .ended == 3 and .errors == 0 and .deliveries == 180'
	passes
}

@test "sse: a chunked stream that is cut within is an error; a kept-alive connection is used again" {
	serve --cut 10 --chunked
	load_it --connections 2 --channels 2 --duration 1s --publish-rate 60 --retry 100ms
	is '.result | .reconnects == 2 and .errors_by_kind.cut == 2 and .reused == 0'
	audit_is 0 0 0 0
	serve --cut 10 --chunked --end
	load_it --connections 2 --channels 2 --duration 1s --publish-rate 60 --retry 100ms
	is '.result | .reconnects == 2 and .errors == 0 and .reused == 2'
	audit_is 0 0 0 0
}

@test "sse: a server without a log loses what a reader misses while it is away" {
	serve --cut 10 --no-log
	load_it --connections 1 --duration 2s --publish-rate 50 --retry 500ms
	is '.audit.lost > 5 and .result.reconnects == 1'
	[[ $status -eq 1 ]]
	load_it --connections 1 --count 30 --publish-rate 0 --no-retry --drain 300ms
	is '.result.reconnects == 0'
}

@test "sse: a storm: all go, miss messages, come back and catch up" {
	serve
	load_it --connections 50 --duration 500ms --publish-rate 20 --storm --behind 100
	passes
	audit_is 0 0 0 0
	is '.result | .caught_up == 50 and .reconnects == 50 and .deliveries == 5500 and .storm_s > 0'
	is '.latency_us.caught_up.count == 50'
	serve --no-log
	load_it --connections 5 --duration 500ms --publish-rate 20 --storm --behind 10 --drain 300ms --answer-timeout 2s
	[[ $status -eq 1 ]]
	is '.audit.lost == 50 and .result.caught_up == 0'
}

@test "sse: slow and stalled readers are not the others' audit" {
	serve
	load_it --connections 10 --slow 2 --slow-rate 1k --stalled 2 --duration 2s --publish-rate 50
	passes
	audit_is 0 0 0 0
	is '.result | .deliveries >= 600 and .slow_events > 0 and .slow_events < 100'
}

@test "sse: other answers are counted by status and by kind" {
	serve --status 503
	load_it --connections 3 --count 1 --publish-rate 0 --drain 100ms
	[[ $status -eq 1 ]]
	is '.result | .statuses == {"503": 3} and .errors_by_kind.status == 3 and .streams == 0'
	serve --type text/html
	load_it --connections 3 --count 1 --publish-rate 0 --drain 100ms
	is '.result.errors_by_kind.not_stream == 3'
}

# Nothing but a line that names the server, what is wrong and what to do, and 69; without waiting for the duration.
no_server() { # URL WORDS OPTION...
	local url=$1 words=$2 start=$SECONDS
	shift 2
	run -69 --separate-stderr sp-bench sse --url "$url" --duration 30s "$@"
	[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr == "sp-bench: $url: $words"* ]] || { echo "$stderr"; false; }
	((SECONDS - start < 15))
}

@test "sse: where nobody listens it says so at once, with 69" {
	# Port 1 of an address that nobody uses.
	no_server http://127.9.9.9:1/ 'nobody listens there: start the server, or check --url'
	no_server http://127.9.9.9:1/ 'nobody listens there' --connections 500 --rate 0 --no-retry
	no_server "unix:$PWD/none:/x" 'nobody listens there' --connections 3 --processes 2
	serve
	no_server "http://127.9.9.9:1/{n}" 'nobody listens there' --publish post --publish-url "$server/pub/{n}"
}

@test "sse: a server that never answers, or closes each connection, is none" {
	bg mute socat "UNIX-LISTEN:$PWD/mute,fork" 'SYSTEM:exec cat >/dev/null'
	bg curt socat "UNIX-LISTEN:$PWD/curt,fork" 'SYSTEM:read line'
	wait_until 5 test -S mute
	wait_until 5 test -S curt
	no_server "unix:$PWD/mute:/" 'no answer within --answer-timeout' --answer-timeout 300ms --connections 2
	no_server "unix:$PWD/curt:/" 'it closes each connection' --connections 2
}

@test "sse: a server that refuses all readers ends the run at once, with a report of its answers" {
	local code start=$SECONDS
	for code in 404 503 204; do
		serve --status "$code"
		run -1 --separate-stderr sp-bench sse --url "$server/events/x" -H 'X-Reader: 1' --connections 5 --duration 30s
		jq -e --arg c "$code" '.result | .statuses == {($c): 5} and .streams == 0' <<<"$output"
		[[ $stderr == *"sp-bench: $server/events/x: no reader got a stream ($code: 5)"* ]]
		[[ $stderr == *'answers '*"$code: 5"* ]]
	done
	bg ssh socat "UNIX-LISTEN:$PWD/ssh,fork" 'SYSTEM:echo SSH-2.0-OpenSSH; cat >/dev/null'
	wait_until 5 test -S ssh
	run -1 --separate-stderr sp-bench sse --url "unix:$PWD/ssh:/" --connections 2 --duration 30s -q
	[[ $(jq .result.errors_by_kind.not_http <<<"$output") -eq 2 && $stderr == *'no reader got a stream (not_http: 2)'* ]]
	((SECONDS - start < 25))
}

@test "sse: a server that takes some readers only is measured with these" {
	serve --streams 3
	load_it --connections 5 --duration 500ms --publish-rate 50 --drain 200ms
	[[ $status -eq 1 ]]
	is '.result | .streams == 3 and .statuses == {"200": 3, "503": 2} and .deliveries == 75'
}

@test "sse: over a Unix socket" {
	bg server python3 -I -S "$ROOT/tests/sse-server.py" --unix "$PWD/s"
	wait_until 10 grep -q ready server.out
	server=unix:$PWD/s:
	load_it --connections 5 --duration 500ms --publish-rate 100
	passes
	audit_is 0 0 0 0
	is '.result.deliveries == 250'
}

@test "sse: it comes from the sources that it is told" {
	serve
	load_it --connections 40 --duration 100ms --publish-rate 10 --source 127.9.0.0/29,127.0.0.77 &
	local pid=$!
	wait_until 5 sources_seen
	wait "$pid"
}

sources_seen() {
	[[ $(sed 's/.*: \(.*\)/\1/' /proc/net/tcp | grep -cE '^(0[1-6]00097F|4D00007F):') -ge 40 ]]
}

@test "sse: publishing through Redis, by PUBLISH and by sp-pub's script" {
	command -v node >/dev/null || skip 'no node'
	[[ -d ${XDG_CACHE_HOME:-$HOME/.cache}/spout-bench/node_modules/ioredis ]] || skip 'no ioredis: make bench-peers'
	NODE_PATH=${XDG_CACHE_HOME:-$HOME/.cache}/spout-bench/node_modules \
		bg node node "$ROOT/tests/bench/peers/node-sse.js" "$SOCKET"
	wait_until 20 grep -q ready node.out
	server=http://127.0.0.1:$(sed -n 's/ready //p' node.out)
	for durable in '' --durable; do
		# shellcheck disable=SC2086 # nothing or a word
		through_redis "$C.{n}" $durable --connections 20 --channels 4 --duration 1s --publish-rate 100
		passes
		is '.result.deliveries == 500 and .audit.lost == 0 and .redis != null'
	done
	[[ $(R XLEN "$C.0:log") -eq 25 ]]
	# A storm, with the log to catch up from.
	through_redis "$C.s" --durable --connections 50 --duration 500ms --publish-rate 20 --storm --behind 200
	passes
	is '.result.caught_up == 50'
}

through_redis() { # CHANNEL OPTION...
	local channel=$1
	shift
	status=0
	sp-bench sse --url "$server/events/$channel" -c "$channel" --redis "$REDIS_URL" --publish redis -q "$@" \
		>out.json 2>err </dev/null || status=$?
}

@test "sse: of a million messages one is dropped, repeated, swapped or corrupted: it is found" {
	local fault
	local -A want=([drop]='1 0 0 0' [repeat]='0 1 0 0' [swap]='0 0 1 0' [corrupt]='0 0 0 1')
	own_redis "$PWD/own" --client-output-buffer-limit 'pubsub 0 0 0'
	for fault in "${!want[@]}"; do
		bg "$fault" python3 -I -S "$ROOT/tests/sse-million.py" "$fault" "$own_socket" million 10
		wait_until 10 grep -q ready "$fault.out"
		status=0
		sp-bench sse --url "http://127.0.0.1:$(sed -n 's/ready //p' "$fault.out")/" -c million --redis "$own_url" \
			--publish redis --publish-rate 0 --count 100000 --size 100 --connections 10 --no-retry --drain 2s \
			--duration 40s -q >out.json 2>err </dev/null || status=$?
		echo "$fault"
		# shellcheck disable=SC2086 # four words
		audit_is ${want[$fault]}
		[[ $status -eq 1 ]]
	done
}

@test "sse: nginx with nchan, as it is" {
	local nginx port
	nginx=$(PATH=$PATH:/usr/sbin command -v nginx) && [[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ]] ||
		skip 'NOT TESTED: no nginx with nchan (make bench-peers)'
	port=$((32000 + RANDOM % 700))
	mkdir nginx
	sed -e "s|@DIR@|$PWD/nginx|g; s|@PORT@|$port|; s|@WORKERS@|2|; s|@CONNECTIONS@|1000|; s|@REDIS@||" \
		"$ROOT/tests/bench/peers/nginx-nchan.conf" >nginx.conf
	bg nginx "$nginx" -c "$PWD/nginx.conf" -p "$PWD/nginx" -e "$PWD/nginx/error.log"
	server=http://127.0.0.1:$port
	wait_until 10 curl -s -o /dev/null "$server/"
	load_it --connections 40 --channels 4 --duration 1s --publish-rate 100
	passes
	audit_is 0 0 0 0
	is '.result | .published == 100 and .deliveries == 1000 and .streams == 40'
	load_it --connections 20 --duration 500ms --publish-rate 20 --storm --behind 100
	passes
	is '.result.caught_up == 20 and .audit.lost == 0'
}

@test "sse: a signal ends it with a report" {
	serve
	bg load sp-bench sse --url "$server/events/x" -H 'X-Reader: 1' --connections 3 --duration 60s -q
	established() { # 01 in /proc/net/tcp, towards the server
		[[ $(awk -v port=":$(printf %04X "${server##*:}")" '$4 == "01" && index($3, port)' /proc/net/tcp | wc -l) -ge 3 ]]
	}
	wait_until 10 established
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[[ $status -eq 143 ]]
	# Connected does not mean answered yet.
	[[ $(jq .result.attempts load.out) -eq 3 ]]
}

@test "sse: a live line on a terminal, and with Ctrl-C the table and 130" {
	serve
	on_terminal 100 --resize 40 --interrupt -- sp-bench sse --url "$server/events/{n}" -H 'X-Reader: {n}' --connections 3 \
		--publish post --publish-url "$server/pub/{n}" --publish-rate 200 --duration 1h
	seen '.status == 130 and .screen[0] == "sp-bench sse" and (.screen | all(test("s left") | not))'
	seen '.frames | any(.[1] | test("^sse  3 connections  ")) and all((.[1] | length) < .[0])'
	# Lines that are broken at the edge, put together again.
	seen '.screen | add | test("  deliveries +[1-9]") and test("  audit +0 lost, 0 duplicated, 0 reordered")
		and test("  slots .* 0 not sent")'
}

@test "sse: misuse is said in a line" {
	local arg
	for arg in '' '--url https://127.0.0.1/' '--url http://name/' '--url http://127.0.0.1/ --storm' \
		'--url http://127.0.0.1/ --slow 2' '--url http://127.0.0.1/ --publish post' \
		'--url http://127.0.0.1/ --publish redis' '--url http://127.0.0.1/ --source 1.2.3' \
		'--url http://127.0.0.1/ --durable' '--url http://127.0.0.1/ --size 10' \
		'--url http://127.0.0.1/ --channels 2' '--url http://127.0.0.1/ -H x' \
		'--url http://127.0.0.1/ --pipeline 3'; do
		# shellcheck disable=SC2086 # words
		run -64 --separate-stderr sp-bench sse $arg
		[[ $stderr == 'sp-bench: '* ]]
	done
}
