# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# interop.bats: clients, proxies and super-servers that nobody here wrote, each in front of both kinds of server.
# inetd(8), systemd with Accept=yes, tcpserver and socat as super-servers of --inetd are in inetd.bats.

bats_require_minimum_version 1.7.0
load helpers
load http
load server
load docs
load browser

# Starts sp-sse as it is asked for, on a free port of 127.0.0.1: $port.
gateway() { # inetd|listen OPTION...
	local how=$1
	shift
	if [[ $how == inetd ]]; then
		serve_tcp "$@"
		return
	fi
	need_listen
	bg gateway sp-sse --listen 127.0.0.1:0 "$@"
	wait_until 10 grep -q 'ready .*:[0-9]' gateway.err
	port=$(sed -n 's/.*ready .*:\([0-9]*\).*/\1/p' gateway.err | head -n 1)
}

need_listen() {
	sp-sse --help | grep -q -- '--listen' || skip 'NOT TESTED: this sp-sse has no --listen'
}

# The stream of a run that goes on while it is read, with every message once and in order, through a lost
# connection; the client stops by itself when the run is over. The words are hostile to whoever splits lines.
client() { # KIND CUT
	local out i words=(plain $'two\nlines' $'cr\rlf' $'\u2028' 'data: x' '' $'\ud55c\uae00 \U1f600' '{"a":1}')
	for i in "${words[@]}"; do
		jq -nc --arg w "$i" '{type: "token", content: $w}'
	done >words
	mkfifo words.pipe
	bg_in=words.pipe bg pub sp-pub -p "$P" -s s --from json
	exec 7>words.pipe
	cat words >&7
	wait_until 10 logged "$LOG" ${#words[@]}
	bg client timeout 40 node "$ROOT/tests/browser/clients.mjs" "$1" "http://127.0.0.1:$port$(stage_path)" "$2" 7>&-
	wait_until 30 grep -q 'uae00\|한글' client.out
	cat words >&7
	exec 7>&-
	ends "$bg_pid" 40
	cat client.err
	[[ $status -eq 0 ]]
	says client.err closed
	jq -r .data client.out | grep '"sp"' | diff - <(log_lines "$LOG")
	[[ $(jq -r '.data | fromjson | .type' client.out | tail -n 1) == stream_end ]]
	# Each event bears its own id; the notes of the server have none.
	jq -c 'select(.data | fromjson | .sp)' client.out | jq -e -s 'all(.id == (.data | fromjson | .sp.id))' >/dev/null
}

eventsource() { # inetd|listen
	need_npm eventsource
	gateway "$1" --retry 100ms
	client eventsource 4
	[[ $(jq -r '.data | fromjson | .type' client.out | grep -c connected) -eq 2 ]]
	says client.err 'closed 204'
}

@test "the npm package eventsource: a lost connection, every message once, stopped by 204 (--inetd)" {
	eventsource inetd
}

@test "the npm package eventsource: a lost connection, every message once, stopped by 204 (--listen)" {
	eventsource listen
}

eventsource_parser() {
	need_npm eventsource-parser
	gateway "$1"
	client eventsource-parser 0
	not says client.err bad
}

@test "the npm package eventsource-parser reads the same, a character at a time (--inetd)" {
	eventsource_parser inetd
}

@test "the npm package eventsource-parser reads the same, a character at a time (--listen)" {
	eventsource_parser listen
}

chromium_eventsource() {
	need_command chromium chromium
	need_npm playwright-core
	gateway "$1" --retry 100ms
	client chromium 4
	[[ $(jq -r '.data | fromjson | .type' client.out | grep -c connected) -eq 2 ]]
}

@test "Chromium's EventSource: a lost connection, every message once, stopped by 204 (--inetd)" {
	chromium_eventsource inetd
}

@test "Chromium's EventSource: a lost connection, every message once, stopped by 204 (--listen)" {
	chromium_eventsource listen
}

curl_and_back() {
	gateway "$1"
	publish_run one two
	get "$(stage_path)" | sp-sse -d | jq -r .type | paste -sd ' ' >types
	[[ $(<types) == 'connected token token done stream_end' ]]
	[[ $(get "$(stage_path)" -o /dev/null -w '%{http_code}' -H "Last-Event-ID: $(id_of 3)") == 204 ]]
	[[ $(get "$(stage_path)" --http1.0 | types /dev/stdin) == 'connected token token done stream_end' ]]
}

@test "curl, over HTTP/1.1 and 1.0 (--inetd)" {
	curl_and_back inetd
}

@test "curl, over HTTP/1.1 and 1.0 (--listen)" {
	curl_and_back listen
}

socat_client() {
	gateway "$1"
	publish_run one
	request "$(stage_path)" 'Connection: close' | timeout 10 socat -t 10 - "TCP:127.0.0.1:$port" >answer
	split answer
	[[ $code == 200 && $(types body) == 'connected token done stream_end' ]]
}

@test "socat as a client, which closes its side behind the request (--inetd)" {
	socat_client inetd
}

@test "socat as a client, which closes its side behind the request (--listen)" {
	socat_client listen
}

# --- nginx in front, with its defaults: HTTP/1.0 to us, buffering on.

nginx_server() { # DIRECTIVE in the location...
	need_command nginx nginx-light
	local temp
	mkdir -p nginx
	{
		echo 'daemon off; master_process off; pid nginx/pid; error_log nginx/error.log; events { }'
		echo 'http { access_log off;'
		for temp in client_body proxy fastcgi uwsgi scgi; do
			echo "${temp}_temp_path nginx/$temp;"
		done
		echo "server { listen unix:$PWD/web; location / { proxy_pass http://127.0.0.1:$port; ${*} } } }"
	} >nginx.conf
	bg nginx nginx -p "$PWD" -e nginx/error.log -c nginx.conf
	wait_until 10 listens "$PWD/web"
	unset port # get and reader go through ./web
}

behind_nginx() {
	need_command nginx nginx-light
	gateway "$1"
	nginx_server
	publish one
	reader r "$(stage_path)"
	wait_until 10 says r.out '"content":"one"'
	publish two
	wait_until 10 says r.out '"content":"two"'
	not says r.head Content-Encoding
	says r.head 'Content-Type: text/event-stream'
	[[ $(get "$(stage_path)" -o /dev/null -w '%{http_code}' --max-time 1 -H "Last-Event-ID: $(id_of 1)") == 200 ]]
	sp-pub -p "$P" -s s done
	ends "$bg_pid"
	[[ $status -eq 0 && $(types r.out) == 'connected token token done stream_end' ]]
	[[ $(get "$(stage_path)" -o /dev/null -w '%{http_code}' -H "Last-Event-ID: $(id_of 3)") == 204 ]]
}

@test "nginx with its defaults passes each message on as it comes (--inetd)" {
	behind_nginx inetd
}

@test "nginx with its defaults passes each message on as it comes (--listen)" {
	behind_nginx listen
}

# If this fails, the two tests above would pass without our header, and prove nothing.
@test "nginx holds messages back when it does not see our X-Accel-Buffering" {
	need_command nginx nginx-light
	gateway inetd
	nginx_server 'proxy_ignore_headers X-Accel-Buffering;'
	publish one
	reader r "$(stage_path)"
	wait_until 10 started 1
	wait_until 10 subscribed "$STAGE"
	publish two
	not wait_until 1 says r.out '"content":"one"'
}

# --- examples/nginx/spout.conf, as it stands but for its ports

# One of its gateways on the port that nginx knows: $bg_pid.
site_gateway() { # N
	bg "gateway$1" sp-sse --listen "127.0.0.1:${ports[$1]}" --trust-proxy 127.0.0.1 --cors https://example.com \
		--retry 20ms --drain 200ms --max-per-ip 3
	wait_until 10 says "gateway$1.err" 'ready 127.0.0.1'
}

streams_of() { # N
	curl -s "http://127.0.0.1:${ports[$1]}/status" | jq .streams
}

@test "examples/nginx: a site in front of two gateways shares the readers out, and none loses a message when one goes" {
	need_command nginx nginx-light
	local ports pids=()
	ports=([1]=$(free_port) [2]=$(free_port))
	mkdir -p nginx
	{
		echo 'daemon off; master_process off; pid nginx/pid; error_log nginx/error.log; events { } http { access_log off;'
		for temp in client_body proxy fastcgi uwsgi scgi; do
			echo "${temp}_temp_path nginx/$temp;"
		done
		sed -e "s/8081/${ports[1]}/; s/8082/${ports[2]}/" -e "s|listen 8080;|listen unix:$PWD/web;|" "$ROOT/examples/nginx/spout.conf"
		echo '}'
	} >nginx.conf
	for n in 1 2; do
		site_gateway $n
		pids[n]=$bg_pid
	done
	bg nginx nginx -p "$PWD" -e nginx/error.log -c nginx.conf
	wait_until 10 listens "$PWD/web"
	numbers 300 | sed 's/.*/{"type":"token","content":"&"}/' >all
	for n in 1 2 3 4; do
		bg "source$n" "$PYTHON" "$ROOT/tests/sse-strict.py" --old --source web "$(stage_path)"
		sources[n]=$bg_pid
		wait_until 5 says "source$n.out" connected
	done
	[[ $(streams_of 1) -eq 2 && $(streams_of 2) -eq 2 ]]
	get "$(project_path)" -H 'Origin: https://example.com' -D head --max-time 1 >body || true
	grep -qi '^Access-Control-Allow-Origin: https://example.com' head
	# What is for the operator is not there; the viewer is.
	for path in /healthz /readyz /status /metrics; do
		[[ $(get "$path" -o /dev/null -w '%{http_code}') == 404 ]]
	done
	get / | grep -q '<html'
	mkfifo in
	exec {feed}<>in
	bg_in=in bg publisher sp-pub -p "$P" -s s --from json --no-end
	local publisher=$bg_pid
	head -n 100 all >&"$feed"
	wait_until 5 says source1.out '\"content\":\"100\"'
	# One is killed and replaced, then the other one is asked to leave.
	end_process "${pids[1]}" KILL
	sed -n 101,200p all >&"$feed"
	site_gateway 1
	kill -TERM "${pids[2]}"
	wait_until 5 gone "${pids[2]}"
	tail -n 100 all >&"$feed"
	wait_until 5 logged "$LOG" 300
	end_process "$publisher" TERM
	exec {feed}>&-
	sp-pub -p "$P" -s s done
	for n in 1 2 3 4; do
		ends "${sources[n]}" 20
		[[ $status -eq 0 ]]
		jq -r 'select(.data) | .data | fromjson | select(.type == "token") | .content' "source$n.out" | diff <(numbers 300) -
	done
}

@test "examples/nginx: its gateways believe the site about who asks, and nobody else" {
	need_command nginx nginx-light
	local ports=([1]=$(free_port))
	site_gateway 1
	port=${ports[1]}
	mkdir -p nginx
	{
		echo 'daemon off; master_process off; pid nginx/pid; error_log nginx/error.log; events { } http { access_log off;'
		for temp in client_body proxy fastcgi uwsgi scgi; do
			echo "${temp}_temp_path nginx/$temp;"
		done
		site=$(free_port)
		sed -e "s/8081/$port/; /8082/d" -e "s|listen 8080;|listen 127.0.0.1:$site;|" "$ROOT/examples/nginx/spout.conf"
		echo '}'
	} >nginx.conf
	bg nginx nginx -p "$PWD" -e nginx/error.log -c nginx.conf
	wait_until 10 is_listened_on "$site"
	# Three from each address are served, whoever they say they are.
	for from in 127.0.0.2 127.0.0.3; do
		for n in 1 2 3; do
			port=$site reader "r$from.$n" "$(stage_path)" --interface "$from" -H "X-Forwarded-For: 192.0.2.$n"
			wait_until 5 connected "r$from.$n"
		done
		code=$(port=$site get "$(stage_path)" --interface "$from" -o /dev/null -w '%{http_code}' --max-time 5)
		[[ $code == 429 ]]
	done
}

# --- systemd's sockets: Accept=yes is in inetd.bats

@test "systemd hands over its listening socket (Accept=no)" {
	local activate
	activate=$(command -v systemd-socket-activate) || skip 'NOT TESTED: there is no systemd-socket-activate'
	need_listen
	publish_run a
	bg systemd "$activate" -l "$PWD/web" -E REDIS_URL -E ASAN_OPTIONS -E UBSAN_OPTIONS "$SPOUT_BUILD/sp-sse"
	wait_until 5 listens "$PWD/web"
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
}

@test "examples/systemd: the server's command serves on systemd's socket, tells the manager, and leaves by TERM" {
	local activate command
	activate=$(command -v systemd-socket-activate) || skip 'NOT TESTED: there is no systemd-socket-activate'
	echo "$REDIS_URL" >redis-url
	mkdir -p run/spout logs/spout
	command=$(sed -n '/^ExecStart=/,/[^\\]$/p' "$ROOT/examples/systemd/spout-server.service" | sed 's/^ExecStart=//; s/\\$//' | paste -sd ' ')
	command=${command/'/usr/local/bin'/$SPOUT_BUILD} command=${command/'%d'/$PWD}
	command=${command/'%t'/$PWD/run} command=${command/'%L'/$PWD/logs}
	bg manager socat -u "UNIX-RECVFROM:$PWD/notify,fork" OPEN:told,creat,append
	wait_until 5 test -S notify
	port=$(free_port)
	# shellcheck disable=SC2086 # words
	NOTIFY_SOCKET=$PWD/notify bg systemd "$activate" -l "127.0.0.1:$port" --fdname=spout \
		-E NOTIFY_SOCKET -E ASAN_OPTIONS -E UBSAN_OPTIONS $command
	local server=$bg_pid
	publish_run a
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
	wait_until 5 says told READY=1
	curl -s --unix-socket run/spout/admin.sock http://a/status | jq -e '.workers == 2 and .streams_opened_total == 1'
	wait_until 5 says logs/spout/access.log stages/s
	kill -TERM "$server"
	ends "$server" 10
	[[ $status -eq 0 ]]
	wait_until 5 says told STOPPING=1
}
