#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-sse --listen: many readers in one process, short answers, limits, signals.

load helpers
load http
load server
load malformed

# --- Streams: the same bytes as from --inetd, but for the Date: header

@test "the stage route streams the run from its start and ends; the head is that of --inetd and a Date" {
	publish_run one two
	listen
	for path in "$(stage_path)" "$(stage_path)stream/" "$(stage_path)stream"; do
		get "$path" -D head >body
		tr -d '\r' <./head | grep -v '^Date: ' | diff <(printf '%s\n' "$STREAM_HEAD" '') -
		grep -qE '^Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' head
		[[ $(types body) == 'connected token token done stream_end' ]]
		messages body | diff <(log_lines "$LOG" | jq -c .) -
		sed 's/"timestamp":[0-9.]*//' body >ours
		request "$path" | timeout 10 "$SPOUT_BUILD/sp-sse" --inetd >answer
		sed '1,/^\r$/d; s/"timestamp":[0-9.]*//' answer | diff - ours
	done
	wait_until 5 status_is .connections 1
	[[ $(status_of .streams) -eq 0 && $(status_of .streams_ended_total.done) -eq 3 ]]
}

@test "the project route follows all stages live; the channel route what --allow admits" {
	listen --allow 'chan.*' --event-names
	reader project "$(project_path)"
	reader channel "/api/v1/sse/channels/$C/"
	wait_until 5 connected project
	wait_until 5 connected channel
	publish a
	stage=t publish b
	sp-pub -c "$C" token content=c
	wait_until 5 says project.out '"content":"b"'
	wait_until 5 says channel.out '"content":"c"'
	[[ $(types project.out) == 'connected token token' && $(types channel.out) == 'connected token' ]]
	grep -q '^event: token' channel.out
	[[ $(get /api/v1/sse/channels/other/ -o /dev/null -w '%{http_code}') == 403 ]]
	[[ $(get "/api/v1/sse/channels/sp:project:$P:stage:s/" -o /dev/null -w '%{http_code}') == 403 ]]
}

@test "a thousand readers of one stage each get every message once, in order, and the end" {
	listen
	bg readers "$PYTHON" "$ROOT/tests/readers.py" "$port" "$(stage_path)" 1000
	wait_until 20 streams 1000
	publish_run $(seq 200)
	ends "$bg_pid" 30
	cat readers.out readers.err
	[[ $status -eq 0 ]]
	says readers.out '1000 whole'
}

@test "who returns after the end gets 204, and the connection stays for the next request" {
	publish_run a
	last=$(id_of 2)
	listen
	{
		request "$(stage_path)" "Last-Event-ID: $last"
		request "$(stage_path)?since=$last" 'Connection: close'
	} >two
	exchange <two
	[[ $(grep -c '^HTTP/1.1 204 No Content' answer) -eq 2 ]]
	request "$(stage_path)" "Last-Event-ID: $(id_of 1)" | answers 200
	[[ $(types body) == 'connected done stream_end' ]]
}

@test "an EventSource that is cut off again and again sees every message once, in order, and stops at 204" {
	numbers 60 | sed 's/.*/{"type":"token","content":"&"}/' >in
	listen --retry 10ms
	bg source "$PYTHON" "$ROOT/tests/sse-strict.py" --source web "$(stage_path)" --leave-after 7 --chunk 300
	head -n 20 in | sp-pub -p "$P" -s s --from json --no-end
	wait_until 5 says source.out '\"content\":\"20\"'
	tail -n 40 in | sp-pub -p "$P" -s s --from json
	ends "$bg_pid"
	[[ $status -eq 0 ]]
	jq -r 'select(.data) | .data | fromjson | select(.type == "token") | .content' source.out | diff <(numbers 60) -
	not says source.out '\"gap\"'
}

@test "silence is filled with comments, not more often than said" {
	listen --heartbeat 100ms --retry 3s
	reader idle "$(stage_path)"
	beats() { [[ $(grep -c '^: ' idle.out) -ge $1 ]]; }
	local start=${EPOCHREALTIME/./}
	wait_until 5 beats 3
	[[ $((${EPOCHREALTIME/./} - start)) -ge 250000 ]]
	strict --cut <idle.out | jq -e -s '.[0].retry == 3000 and (map(select(.data)) | length == 1)'
	[[ $(status_of .heartbeats_total) -ge 3 ]]
}

@test "when a reader leaves, it is noticed, and its channel dropped; one that closes only its side stays" {
	listen --heartbeat 30s
	reader leaving "$(stage_path)"
	wait_until 5 connected leaving
	wait_until 5 subscribed "$STAGE"
	end_process "$bg_pid" KILL
	wait_until 3 streams 0
	unsubscribed() { [[ $(R PUBSUB NUMSUB "$STAGE" | tail -n 1) -eq 0 ]]; }
	wait_until 10 unsubscribed
	request "$(stage_path)" >in.http
	bg_in=in.http bg half socat -t 30 - "TCP:127.0.0.1:$port"
	wait_until 5 says half.out ': heartbeat'
	publish_run a
	ends "$bg_pid"
	split half.out
	[[ $(types body) == 'connected token done stream_end' ]]
}

@test "HEAD on a stream answers its headers and nothing else" {
	listen
	for path in "$(stage_path)" "$(project_path)"; do
		printf 'HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n' "$path" | answers 200
		printf '%s\n' "$STREAM_HEAD" '' | diff - head
		[[ ! -s body ]]
	done
}

# --- Short answers

@test "answers keep the connection, as the client asks; requests may come together" {
	listen
	printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n%.0s' {1..40} >many
	printf 'GET /nowhere HTTP/1.0\r\n\r\n' >>many
	exchange <many
	[[ $(grep -c '^HTTP/1.1 200' answer) -eq 40 && $(grep -c '^HTTP/1.1 404' answer) -eq 1 ]]
	[[ $(grep -c '^Connection: keep-alive' answer) -eq 40 && $(grep -c '^Connection: close' answer) -eq 1 ]]
	printf 'GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' >three
	exchange <three
	[[ $(grep -c '^HTTP/1.1 200' answer) -eq 2 ]]
	get /healthz "http://127.0.0.1:$port/healthz" -o /dev/null -w '%{num_connects}\n' | paste -sd ' ' >connects
	says connects 0
}

@test "a request is the same however it is cut into pieces" {
	listen
	python - <<-'END'
		import socket
		def ask(pieces):
		    s = socket.socket(socket.AF_UNIX)
		    s.settimeout(10)
		    s.connect('web')
		    for piece in pieces:
		        s.sendall(piece)
		    s.shutdown(socket.SHUT_WR)
		    got = b''
		    while data := s.recv(65536):
		        got += data
		    return b'\n'.join(l for l in got.split(b'\n') if not l.startswith(b'Date'))
		for text in (b'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nHEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
		             b'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n'):
		    whole = ask([text])
		    assert whole.startswith(b'HTTP/1.1 200'), whole
		    assert ask([bytes([b]) for b in text]) == whole
		    assert ask([text[:50], text[50:]]) == whole
	END
}

@test "each kind of malformed request is 400, and nothing is served" {
	publish_run secret
	listen
	malformed() {
		raw 400 "$1" || return
		not says answer secret
	}
	each_malformed "$(stage_path)" malformed
	raw 505 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	raw 505 "GET /healthz HTTP/0.9\r\n\r\n"
	raw 501 "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	request /healthz 'Connection: close' | answers 200
}

@test "methods, names and origins are decided as by --inetd" {
	listen --cors https://a.example
	for method in PUT DELETE PATCH TRACE BREW get; do
		printf '%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' "$method" "$(stage_path)" | answers 405
		says head 'Allow: GET, HEAD, POST, OPTIONS'
	done
	for name in %2F %2e%2e %00 %zz a%3Ab %2A; do
		request "/api/v1/sse/projects/$name/" 'Connection: close' | answers 400
	done
	for path in /api /api/v1/sse/ "//api/v1/sse/projects/$P/" "/api/v1/sse/projects/../projects/$P/stages/s/"; do
		request "$path" 'Connection: close' | answers 404
	done
	request "$(stage_path)?since=x" 'Connection: close' 'Origin: https://a.example' | answers 400
	says head 'Access-Control-Allow-Origin: https://a.example'
	printf 'OPTIONS %s HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\nConnection: close\r\n\r\n' \
		"$(stage_path)" | answers 204
	grep -qi '^access-control-allow-headers:.*last-event-id' head
	printf 'POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}' "$(stage_path)" | answers 403
	printf 'POST %sstop HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n' "$(stage_path)" | answers 403
	[[ $(R EXISTS "$LOG") -eq 0 ]]
}

@test "the viewer is at /, and may load nothing from elsewhere" {
	listen
	get / -D head >body
	cmp body "$ROOT/web/viewer.html"
	grep -q '^Content-Type: text/html' head
	grep -q "^Content-Security-Policy: default-src 'none'" head
}

@test "the state route has the latest message of each stage, and asks the log once for many" {
	listen
	[[ $(get "/api/v1/projects/$P/state" | jq -c .) == "{\"project_id\":\"$P\",\"stages\":{}}" ]]
	publish_run one two
	stage=t publish x y
	sleep 1.1 # what is kept is kept for a second
	local n pids=()
	for n in {1..20}; do
		get "/api/v1/projects/$P/state/" >"state$n" &
		pids+=($!)
	done
	wait "${pids[@]}"
	jq -e --arg id "$(R XREVRANGE "$LOG" + - COUNT 1 | head -n 1)" '.stages | keys == ["s", "t"] and .s.type == "done"
		and .t.content == "y" and .t.sp.id == $id' state1
	for n in {2..20}; do cmp state1 "state$n"; done
	[[ $(status_of .state_requests_total) -eq 21 && $(status_of .state_reads_total) -eq 2 ]]
	get "/api/v1/projects/a%3Ab/state" -o /dev/null -w '%{http_code}' | grep -qx 400
}

@test "--admin has a socket of its own for health, status and metrics; the others lose them" {
	listen --admin 127.0.0.1:0
	for path in /healthz /readyz /status /metrics; do
		[[ $(get "$path" -o /dev/null -w '%{http_code}') == 404 ]]
		[[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$admin$path") == 200 ]]
	done
	[[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$admin$(stage_path)") == 404 ]]
}

@test "/metrics is what Prometheus reads, and counts" {
	listen
	publish_run a
	get "$(stage_path)" >body
	get /metrics -D head >metrics
	grep -q '^Content-Type: text/plain; version=0.0.4' head
	python "$ROOT/tests/prometheus.py" <metrics
	grep -qx 'spout_streams_opened_total 1' metrics
	grep -qx 'spout_streams_ended_total{by="done"} 1' metrics
	grep -qx 'spout_connections 1' metrics
}

@test "promtool, Prometheus' own judge, finds nothing wrong with /metrics; also with workers, refusals and a loss of Redis" {
	command -v promtool >/dev/null || skip 'NOT TESTED: there is no promtool (prometheus): tests/deps test installs it'
	own_redis "$PWD/redis"
	export REDIS_URL=$own_url
	listen --workers 2
	publish_run a
	get "$(stage_path)" >body
	get /nowhere -o /dev/null
	end_process "$own_pid" KILL
	wait_until 5 status_is .redis down
	get /metrics >metrics
	promtool check metrics <metrics >judgement 2>&1 || { cat judgement; return 1; }
	[[ ! -s judgement ]] || { cat judgement; return 1; }
	python "$ROOT/tests/prometheus.py" <metrics
}

@test "--access-log has a line of JSON for each request, and never a token" {
	publish_run a
	listen --access-log log
	get "$(stage_path)?access_token=hush&since=0&access%5Ftoken=hush&%zz=hush" >body || true
	get "$(stage_path)?access_token=hush&since=0" >body
	get '/healthz?a="b' -g -o /dev/null || true
	get /healthz -X HEAD -I >/dev/null
	wait_until 5 says log '"method":"HEAD"'
	not grep -r hush log server.err
	jq -e -s --arg p "$(stage_path)" 'map(select(.path == $p and .query == "since=0" and .status == 200 and .client == "127.0.0.1"
		and .bytes > 300 and .ms > 0)) | length == 2' log
	jq -e 'select(.method == "HEAD") | .path == "/healthz"' log
	mv log log.1
	kill -HUP "$server_pid"
	wait_until 5 test -e log
	get /healthz >/dev/null
	wait_until 5 lines log 1
}

# --- Addresses

@test "it listens on IPv4, IPv6, Unix sockets with a mode, and says where; a stale socket is replaced, a live one not" {
	bg server sp-sse --listen 127.0.0.1:0 --listen '[::1]:0' --listen "unix:$PWD/web" --socket-mode 600
	wait_until 5 says server.err 'ready unix:'
	port=$(sed -n 's/.*ready 127.0.0.1:\([0-9]*\)$/\1/p' server.err)
	six=$(sed -n 's/.*ready \(\[::1\]:[0-9]*\)$/\1/p' server.err)
	[[ $(curl -gs "http://127.0.0.1:$port/healthz") == ok && $(curl -gs "http://$six/healthz") == ok ]]
	[[ $(curl -s --unix-socket web http://a/healthz) == ok && $(stat -c %a web) == 600 ]]
	status=0
	sp-sse --listen "unix:$PWD/web" 2>err || status=$?
	[[ $status -eq 73 ]] && says err "$PWD/web"
	sp-sse --listen "127.0.0.1:$port" 2>err || status=$?
	[[ $status -eq 73 ]]
	end_process "$bg_pid" KILL
	[[ -S web ]]
	listen
	[[ $(curl -s --unix-socket web http://a/healthz) == ok ]]
	kill -TERM "$server_pid"
	ends "$server_pid"
	[[ $status -eq 0 && ! -e web ]]
}

@test "a Unix socket that the next server has made is left to it when the one before has drained" {
	listen --drain 2s
	reader one "$(project_path)"
	wait_until 5 connected one
	local old=$server_pid
	kill -TERM "$old"
	refuses() { not get /healthz; }
	wait_until 5 refuses
	bg next sp-sse --listen "unix:$PWD/web" --listen 127.0.0.1:0
	is_ready "$bg_pid" next.err
	ends "$old"
	unset port
	[[ $status -eq 0 && $(get /healthz) == ok ]]
	end_process "$bg_pid" TERM
	[[ ! -e web ]]
}

@test "wrong addresses, modes and networks are 64; so is a public address without --insecure" {
	for wrong in '--listen x' '--listen 127.0.0.1' '--listen 127.0.0.1:99999' '--listen 127.0.0.1:x' '--listen unix:' '--listen ::1:80' \
		'--listen 0.0.0.0:0' '--listen [::]:0' '--listen :0' '--listen 127.0.0.1:0 --socket-mode 9' \
		'--listen 127.0.0.1:0 --admin 0.0.0.0:0' \
		'--listen 127.0.0.1:0 --trust-proxy x' '--listen 127.0.0.1:0 --inetd' '--listen 127.0.0.1:0 -p 7' '--admin 127.0.0.1:0' \
		'--workers 2' '--listen 127.0.0.1:0 --workers 0' '--listen 127.0.0.1:0 --slow x' '--listen 127.0.0.1:0 --cors x/'; do
		status=0
		# shellcheck disable=SC2086 # words
		timeout 10 sp-sse $wrong 2>err </dev/null || status=$?
		echo "$wrong: $status $(<err)"
		[[ $status -eq 64 && -s err ]]
	done
	bg server sp-sse --listen 0.0.0.0:0 --insecure
	wait_until 5 says server.err 'ready 0.0.0.0:'
}

@test "systemd's sockets are served, the one named admin for health only" {
	activate=$(command -v systemd-socket-activate) || skip 'NOT TESTED: there is no systemd-socket-activate'
	bg server "$activate" -E "REDIS_URL=$REDIS_URL" -l "$PWD/web" -l "$PWD/own" --fdname=spout:admin sp-sse
	wait_until 5 listens "$PWD/own"
	[[ $(curl -s --max-time 5 --unix-socket own http://a/healthz) == ok ]]
	publish_run a
	[[ $(curl -sN --max-time 5 --unix-socket web "http://a$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
	[[ $(curl -s -o /dev/null -w '%{http_code}' --unix-socket web http://a/healthz) == 404 ]]
}

@test "the service manager is told: ready, reloading, stopping, and that it is alive" {
	bg manager socat -u "UNIX-RECVFROM:$PWD/notify,fork" OPEN:told,creat,append
	wait_until 5 test -S notify
	NOTIFY_SOCKET=$PWD/notify WATCHDOG_USEC=200000 listen
	wait_until 5 says told READY=1
	wait_until 5 says told WATCHDOG=1
	kill -HUP "$server_pid"
	wait_until 5 says told RELOADING=1
	kill -TERM "$server_pid"
	wait_until 5 says told STOPPING=1
}

# --- Limits

@test "above --max-connections: 503 with Retry-After, or for an EventSource a retry: and the end" {
	listen --max-connections 3 --admin 127.0.0.1:0
	for n in 1 2 3; do
		reader "reader$n" "$(stage_path)"
		wait_until 5 connected "reader$n"
	done
	get "$(stage_path)" -D head -o body -w '%{http_code}' | grep -qx 503
	grep -q '^Retry-After: [0-9]' head
	get "$(stage_path)" -H 'Accept: text/event-stream' -D head >body
	grep -q '^HTTP/1.1 200' head
	strict <body | jq -e -s '.[0].retry >= 2000 and (map(select(.data)) | length == 0)'
	curl -s "http://127.0.0.1:$admin/status" | jq -e '.refused_total["max-connections"] == 2 and .streams == 3'
	end_process "$bg_pid" KILL
	room() { get "$(stage_path)" --max-time 1 | grep connected; }
	wait_until 8 room
}

@test "above --max-per-ip: 429; behind a proxy that is trusted its clients are told apart" {
	listen --max-per-ip 2 --trust-proxy unix
	reader one "$(stage_path)"
	reader two "$(stage_path)"
	wait_until 5 connected one
	wait_until 5 connected two
	get "$(stage_path)" -D head -o body -w '%{http_code}' | grep -qx 429
	grep -q '^Retry-After' head
	# Over TCP nobody is believed.
	get "$(stage_path)" -H 'X-Forwarded-For: 192.0.2.9' -o body -w '%{http_code}' | grep -qx 429
	unset port
	for n in 1 2; do
		reader "proxied$n" "$(stage_path)" -H 'X-Forwarded-For: 6.6.6.6, 192.0.2.1'
		wait_until 5 connected "proxied$n"
	done
	get "$(stage_path)" -H 'X-Forwarded-For: 192.0.2.1' -o body -w '%{http_code}' | grep -qx 429
	reader other "$(stage_path)" -H 'X-Forwarded-For: 192.0.2.2'
	wait_until 5 connected other
	# A proxy may add a line of its own behind the client's: they are one list.
	get "$(stage_path)" -H 'X-Forwarded-For: 6.6.6.6' -H 'X-Forwarded-For: 192.0.2.1' -o body -w '%{http_code}' | grep -qx 429
	reader direct "$(stage_path)"
	wait_until 5 connected direct
}

@test "each request of a proxy's connection has the client that it names, or the proxy" {
	listen --trust-proxy unix --access-log log
	printf 'GET /%s HTTP/1.1\r\nHost: here\r\n%s\r\n' \
		a $'X-Forwarded-For: 192.0.2.1\r\n' b '' c $'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 192.0.2.3\r\n' |
		socat -t 1 - UNIX-CONNECT:web >answers
	wait_until 5 lines log 3
	[[ $(jq -r '"\(.path) \(.client)"' log | paste -sd ' ') == '/a 192.0.2.1 /b unix /c 192.0.2.3' ]]
}

@test "--max-accept-rate makes the newest wait, and refuses none" {
	listen --max-accept-rate 20 --admin 127.0.0.1:0
	local start=${EPOCHREALTIME/./} n pids=()
	for n in {1..20}; do
		get / -o /dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	[[ $((${EPOCHREALTIME/./} - start)) -ge 600000 ]]
	curl -s "http://127.0.0.1:$admin/status" | jq -e '.accept_delays_total > 0 and .answers_total["2xx"] >= 20'
}

@test "who asks the admin socket often takes nothing of --max-accept-rate from readers" {
	listen --max-accept-rate 5 --admin 127.0.0.1:0
	local n
	for n in {1..100}; do
		curl -s --max-time 5 "http://127.0.0.1:$admin/healthz" -o /dev/null
	done
	get / --max-time 3 -o /dev/null
}

@test "a head or a body above its limit is refused, and counted" {
	listen --max-header 500
	printf 'GET / HTTP/1.1\r\nHost: a\r\nX: %0600d\r\n\r\n' 0 | answers 431
	[[ $(status_of '.refused_total["max-header"]') -eq 1 ]]
}

# --- Signals

@test "TERM drains: no reader is cut in an event, each is asked to come back after a random while, and the status is 0" {
	listen --drain 600ms
	for n in 1 2 3 4 5; do
		reader "reader$n" "$(project_path)"
		wait_until 5 connected "reader$n"
	done
	kill -TERM "$server_pid"
	ends "$server_pid" 5
	[[ $status -eq 0 ]]
	for n in 1 2 3 4 5; do
		strict <"reader$n.out" | jq -s 'map(select(.retry)) | last | .retry' >>retries
	done
	[[ $(sort -u retries | wc -l) -ge 2 ]]
	awk '$1 < 1000 || $1 > 5000 { exit 1 }' retries
}

@test "a second TERM ends at once" {
	listen --drain 30s
	reader one "$(project_path)"
	wait_until 5 connected one
	kill -TERM "$server_pid"
	refuses() { ! curl -s --max-time 1 "http://127.0.0.1:$port/healthz"; }
	wait_until 5 refuses
	not gone "$server_pid"
	sleep 0.15 # sooner, it is the first one told twice
	kill -TERM "$server_pid"
	ends "$server_pid" 2
	[[ $status -eq 143 ]]
}

@test "USR2: a new process takes over the sockets; readers are asked to come back, and find it" {
	bg manager socat -u "UNIX-RECVFROM:$PWD/notify,fork" OPEN:told,creat,append
	wait_until 5 test -S notify
	NOTIFY_SOCKET=$PWD/notify listen --drain 300ms --retry 10ms
	reader one "$(project_path)"
	wait_until 5 connected one
	kill -USR2 "$server_pid"
	wait_until 10 says server.err 'has taken over'
	local new
	new=$(sed -n 's/.*process \([0-9]*\) has taken over/\1/p' server.err)
	PIDS+=("$new")
	ends "$server_pid" 5
	[[ $status -eq 0 ]]
	# To a manager that listens to all processes of a service, that word would stop the new one.
	wait_until 5 says told "MAINPID=$new"
	not says told STOPPING=1
	strict <one.out | jq -e -s 'map(select(.retry)) | length == 2'
	[[ $(get /healthz) == ok && $(curl -s --unix-socket web http://a/healthz) == ok ]]
	end_process "$new" TERM
	[[ ! -e web ]]
}

@test "USR2 with a binary that does not start: the old one goes on" {
	cp "$SPOUT_BUILD/sp-sse" mine
	bg server ./mine --listen 127.0.0.1:0
	server_pid=$bg_pid
	is_ready "$server_pid"
	rm mine
	printf '#!/bin/sh\nexit 1\n' >mine
	chmod +x mine
	kill -USR2 "$server_pid"
	wait_until 10 says server.err 'this one goes on'
	[[ $(get /healthz) == ok ]]
}

# --- Workers

@test "--workers N: all serve, a dead one is started again, and they go with their master" {
	listen --workers 3
	[[ $(pgrep -P "$server_pid" | wc -l) -eq 3 ]]
	publish_run a
	for _ in {1..20}; do
		[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
	done
	kill -KILL "$(pgrep -P "$server_pid" | head -n 1)"
	wait_until 5 says server.err 'was killed by signal 9; starting another'
	three() { [[ $(pgrep -P "$server_pid" | wc -l) -eq 3 ]]; }
	wait_until 5 three
	[[ $(status_of .worker_restarts_total) -eq 1 && $(status_of .workers) -eq 3 && $(status_of .streams_opened_total) -ge 1 ]]
	local workers
	mapfile -t workers < <(pgrep -P "$server_pid")
	kill -KILL "$server_pid"
	for pid in "${workers[@]}"; do
		wait_until 5 gone "$pid"
	done
}

@test "--workers N: TERM drains all of them, and USR2 replaces all" {
	listen --workers 2 --drain 300ms
	reader one "$(project_path)"
	wait_until 5 connected one
	kill -USR2 "$server_pid"
	wait_until 10 says server.err 'has taken over'
	local new
	new=$(sed -n 's/.*process \([0-9]*\) has taken over/\1/p' server.err)
	PIDS+=("$new")
	ends "$server_pid" 6
	[[ $status -eq 0 && $(pgrep -P "$new" | wc -l) -eq 2 ]]
	[[ $(get /healthz) == ok ]]
	kill -TERM "$new"
	wait_until 5 gone "$new"
	strict <one.out >/dev/null
}
