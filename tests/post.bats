#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# post: sp-sse --listen --key: publishing and stopping by POST, and who may; keys that change.

load helpers
load http
load keys
load server

channel_path() { # CHANNEL
	echo "/api/v1/sse/channels/$1/"
}

# Posts standard input with $token; the answer's body is in body, its head in head, $code its status.
post() { # PATH [CURL OPTION...]
	code=$(curl -sS --max-time 20 -D head -o body -w '%{http_code}' -H "Authorization: Bearer $token" \
		--data-binary @- "http://127.0.0.1:$port$1" "${@:2}")
}

nothing_is_logged() {
	[[ $(R EXISTS "$LOG") -eq 0 ]]
}

# --- Publishing

@test "one message by POST is published as by sp-pub: readers have it, and the answer tells its place in the log" {
	listen --key "$KEYS/hs"
	mint
	reader one "$(stage_path)" -H "Authorization: Bearer $token"
	wait_until 5 connected one
	mint --pub -p "$P" -s s
	post "$(stage_path)" <<<'{"type":"token","content":"posted"}'
	[[ $code == 200 ]]
	grep -qi '^content-type: application/x-ndjson' head
	wait_until 5 says one.out '"content":"posted"'
	jq -e --arg id "$(id_of 1)" '.id == $id and .seq == 0 and (.run | length > 0)' body
	messages one.out | jq -e --arg p "$P" --slurpfile sp body '.sp == $sp[0] and .project_id == $p and .stage == "s" and .timestamp > 0'
	[[ $(status_of .published_total) -eq 1 ]]
	printf '{"type":"done"}' | post "$(stage_path)"
	wait_until 5 says one.out stream_end
	[[ $(types one.out) == 'connected token done stream_end' ]]
}

@test "lines by POST are published in order, each with its answer; a channel's as a stage's" {
	listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	numbers 1000 | sed 's/.*/{"type":"token","content":"&"}/' | post "$(stage_path)"
	[[ $code == 200 ]]
	jq -s -e 'length == 1000 and (map(.seq) == [range(1000)]) and (map(.run) | unique | length == 1)' body
	log_lines "$LOG" | jq -r .content | diff <(numbers 1000) -
	jq -r .id body | diff <(log_lines "$LOG" | jq -r .sp.id) -
	mint --pub -c "$C"
	printf '\xef\xbb\xbf\n{"type":"a"}\r\n\n{"type":"b"}' | post "$(channel_path "$C")"
	[[ $code == 200 && $(wc -l <body) -eq 2 ]]
	[[ $(log_lines "$C:log" | jq -r .type | paste -sd ' ') == 'a b' ]]
	log_lines "$C:log" | jq -e 'has("project_id") | not'
}

@test "a bad line is 400 and named, and nothing of its request is published" {
	local wrong
	listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	for wrong in '{' '[]' '"a"' 'null' '{"a":1,}' '{"content":"\xff"}' 'x' '{"a":"\x01"}' '{} {}' '\0'; do
		# shellcheck disable=SC2059 # it is a format
		printf "{\"type\":\"a\"}\n{\"type\":\"b\"}\n$wrong\n{\"type\":\"c\"}\n" | post "$(stage_path)"
		[[ $code == 400 ]] || { echo "$wrong: $code"; return 1; }
		grep -q '^line 3: ' body
	done
	for wrong in '' '\n' '\r\n\n' '\xef\xbb\xbf'; do
		# shellcheck disable=SC2059
		printf "$wrong" | post "$(stage_path)"
		[[ $code == 400 ]]
	done
	{ head -c 300 /dev/zero | tr '\0' '[' && echo; } | sed 's/^/{"a":/' | post "$(stage_path)"
	[[ $code == 400 ]]
	nothing_is_logged
	[[ $(status_of .published_total) -eq 0 ]]
}

@test "a body of 1 MiB is published, a larger one is 413 before it is read, and one without a length 411" {
	listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	head -c $(((1 << 20) - 40)) /dev/zero | tr '\0' x | sed 's/.*/{"type":"token","content":"&"}/' >big
	post "$(stage_path)" <big
	[[ $code == 200 && $(log_lines "$LOG" | jq '.content | length') -eq $(((1 << 20) - 40)) ]]
	R DEL "$LOG" "$LOG:runs" >/dev/null
	head -c $((3 << 20)) /dev/zero | post "$(stage_path)" || true
	[[ $code == 413 ]]
	printf 'POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 99999999999\r\n\r\n{}' \
		"$(stage_path)" "$token" | answers 413
	printf 'POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n{}' "$(stage_path)" "$token" | answers 411
	printf 'POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' \
		"$(stage_path)" "$token" | answers 501
	[[ $(status_of '.refused_total.body') -eq 3 && $(get /healthz) == ok ]]
}

@test "a body may come in pieces, behind 100 Continue, and with other requests around it; a cut one publishes nothing" {
	listen --key "$KEYS/hs" --header-timeout 1s
	mint --pub -p "$P" -s s
	python - "$token" "$(stage_path)" <<-'END'
		import socket, sys, time
		token, path = sys.argv[1:]
		def request(body, *more):
		    return b'\r\n'.join([b'POST %s HTTP/1.1' % path.encode(), b'Host: a', b'Authorization: Bearer ' + token.encode(),
		                         b'Content-Length: %d' % len(body), *more, b'', body])
		def connect():
		    s = socket.socket(socket.AF_UNIX)
		    s.settimeout(10)
		    s.connect('web')
		    return s
		def until(s, text, got=b''):
		    while text not in got:
		        data = s.recv(65536)
		        assert data, got
		        got += data
		    return got
		s = connect()
		for b in request(b'{"content":"piece by piece"}'):
		    s.sendall(bytes([b]))
		assert until(s, b'"seq"').startswith(b'HTTP/1.1 200')
		# The same connection, with something behind it.
		s.sendall(b'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' + request(b'{"content":"between"}')
		          + b'GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
		got = b''
		while data := s.recv(65536):
		    got += data
		assert got.count(b'HTTP/1.1 200') == 3 and got.index(b'"seq"') < got.rindex(b'HTTP/1.1 200'), got
		s = connect()
		head, body = request(b'{"content":"continued"}', b'Expect: 100-continue').split(b'\r\n\r\n')
		s.sendall(head + b'\r\n\r\n')
		assert until(s, b'\r\n\r\n') == b'HTTP/1.1 100 Continue\r\n\r\n'
		s.sendall(body)
		assert until(s, b'"seq"').startswith(b'HTTP/1.1 200')
		s = connect()
		s.sendall(request(b'{"content":"cut"}')[:-3])
		s.close()
		s = connect()
		s.sendall(request(b'{"content":"never"}')[:-3])
		assert until(s, b'\r\n\r\n').startswith(b'HTTP/1.1 408')
	END
	[[ $(log_lines "$LOG" | jq -r .content | paste -sd ,) == 'piece by piece,between,continued' ]]
}

# --- Who may

@test "without a right token nobody publishes: 401 without a valid one, 403 without the claim" {
	local path bad
	listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	local right=$token
	for bad in '' x "${right%?}" "$right.x" "$(key=$KEYS/hs-other && mint --pub -p "$P" -s s && echo "$token")"; do
		token=$bad
		for path in "$(stage_path)" "$(stage_path)stop" "$(channel_path "$C")" "$(channel_path "$C")stop"; do
			post "$path" <<<'{"type":"forged"}'
			[[ $code == 401 ]] || { echo "$bad at $path: $code"; return 1; }
			grep -qi '^www-authenticate: bearer' head
		done
	done
	# Whoever may read may not write: and not elsewhere.
	for bad in "-p $P" '-p * -s *' "-c $C" '-c *' "--pub -p $P -s t" "--pub -p x$P -s s" '--pub -c *'; do
		# shellcheck disable=SC2086 # words, without globs
		set -f && mint $bad && set +f
		for path in "$(stage_path)" "$(stage_path)stop"; do
			post "$path" <<<'{"type":"forged"}'
			[[ $code == 403 ]] || { echo "$bad at $path: $code"; return 1; }
		done
	done
	# A channel's token reaches no stage, and no channel of Spout's own.
	for path in "sp%3Aproject%3A$P%3Astage%3As" "$C:log" "$C:ctl"; do
		post "$(channel_path "$path")" <<<'{"type":"forged"}'
		[[ $code == 403 ]]
	done
	nothing_is_logged
	[[ $(R EXISTS "$C:log") -eq 0 ]]
	token=$right
	post "$(stage_path)" <<<'{"type":"right"}'
	[[ $code == 200 ]]
}

@test "a cookie alone publishes for no page of another site" {
	listen --key "$KEYS/hs" --cors https://a.example
	mint --pub -p "$P" -s s
	with() { # CODE CURL-OPTION...
		code=$(curl -sS --max-time 20 -o body -w '%{http_code}' --data-binary '{"type":"a"}' "http://127.0.0.1:$port$(stage_path)" "${@:2}")
		[[ $code == "$1" ]] || { echo "${*:2}: $code instead of $1"; return 1; }
	}
	local cookie="Cookie: sp_token=$token" site
	for site in cross-site same-site x ''; do
		with 401 -H "$cookie" -H "Sec-Fetch-Site: $site" -H 'Origin: https://a.example'
	done
	with 401 -H "$cookie" -H 'Origin: https://a.example'
	with 401 -H "$cookie" -H 'Origin: null'
	with 401 -H "$cookie" -H "Origin: http://127.0.0.1:$((port - 1))"
	with 401 -H "$cookie" -H "Origin: http://127.0.0.1:$port.evil.example"
	with 401 -H "$cookie" -H 'Sec-Fetch-Site: none' -H 'Origin: https://a.example'
	nothing_is_logged
	with 200 -H "$cookie" -H "Origin: http://127.0.0.1:$port"
	with 200 -H "$cookie" -H 'Sec-Fetch-Site: same-origin' -H "Origin: http://127.0.0.1:$port"
	with 200 -H "$cookie"
	# Who has it in his hands may send it from anywhere.
	with 200 -H "Authorization: Bearer $token" -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://a.example'
	with 200 -H "$cookie" -H "Authorization: Bearer $token" -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://a.example'
}

@test "none of the wrong tokens opens a stream of the server, and right ones of each algorithm do" {
	local all=()
	publish_run secret
	for key in hs rsa.pub ec.pub ed.pub; do all+=(--key "$KEYS/$key"); done
	unset key
	listen "${all[@]}"
	show_tokens bad "$PWD/web" >bad
	all_refused bad
	show_tokens good "$PWD/web" >good
	lines good 11
	not grep -v -P '^200\t' good
	[[ $(status_of .streams_opened_total) -eq $(wc -l <good) ]]
}

@test "the state route and the viewer's own: the one needs the token, the other tells nothing" {
	publish_run secret
	listen --key "$KEYS/hs"
	[[ $(get "/api/v1/projects/$P/state" -o body -w '%{http_code}') == 401 ]]
	not says body secret
	mint
	[[ $(get "/api/v1/projects/$P/state" -H "Authorization: Bearer $token" -o body -w '%{http_code}') == 403 ]]
	mint -p "$P"
	get "/api/v1/projects/$P/state" -H "Authorization: Bearer $token" | jq -e '.stages.s.type == "done"'
	[[ $(get / -o body -w '%{http_code}') == 200 && $(get /healthz) == ok ]]
}

@test "HUP reads the keys again: old tokens are refused then, new ones open, streams go on; in all workers" {
	cp "$KEYS/hs" key
	listen --workers 2 --key key
	mint --pub -p "$P" -s s
	local old=$token
	reader one "$(stage_path)" -H "Authorization: Bearer $old"
	wait_until 5 connected one
	cp "$KEYS/hs-other" key
	kill -HUP "$server_pid"
	refused() { # all of them, each several times
		local n
		for n in {1..8}; do
			[[ $(get "$(stage_path)" -H "Authorization: Bearer $old" --max-time 5 -o /dev/null -w '%{http_code}' -I) == 401 ]] || return
		done
	}
	wait_until 10 refused
	key=$KEYS/hs-other mint --pub -p "$P" -s s
	for _ in {1..8}; do
		[[ $(get "$(stage_path)" -H "Authorization: Bearer $token" -o /dev/null -w '%{http_code}' -I) == 200 ]]
	done
	# Who is in stays in.
	post "$(stage_path)" <<<'{"type":"token","content":"later"}'
	[[ $code == 200 ]]
	wait_until 5 says one.out later
}

@test "HUP with a broken key file keeps the old keys, and says so" {
	local broken
	cp "$KEYS/hs" key
	listen --key key --key "$KEYS/ec.pub"
	mint
	for broken in short missing pem; do
		case $broken in
		short) echo short >key ;;
		missing) rm key ;;
		pem) sed 's/MF/xx/' "$KEYS/ec.pub" >key ;;
		esac
		: >server.err
		kill -HUP "$server_pid"
		wait_until 5 says server.err 'key: '
		[[ $(get "$(stage_path)" -H "Authorization: Bearer $token" -o /dev/null -w '%{http_code}' -I) == 200 ]]
		[[ $(get "$(stage_path)" -o /dev/null -w '%{http_code}' -I) == 401 ]]
	done
	not gone "$server_pid"
}

# --- Stopping

@test "POST …/stop stops a real publisher: 202, and its run ends as stopped; 404 when nobody publishes" {
	listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	post "$(stage_path)stop" </dev/null
	[[ $code == 404 ]]
	bg pub sp-pub -p "$P" -s s -- bash -c 'echo begun; sleep 30'
	local pub=$bg_pid
	wait_until 5 subscribed "$STAGE:ctl"
	wait_until 5 logged "$LOG" 1
	post "$(stage_path)stop" </dev/null
	[[ $code == 202 ]]
	ends "$pub" 10
	[[ $status -eq 0 ]]
	log_lines "$LOG" | tail -n 1 | jq -e '.type == "done" and .metadata.finish_reason == "stopped"'
	mint --pub -c "$C"
	bg pub sp-pub -c "$C" -- bash -c 'echo begun; sleep 30'
	pub=$bg_pid
	wait_until 5 subscribed "$C:ctl"
	# A body is no matter, but read.
	printf '{"reason":"enough"}' | post "$(channel_path "$C")stop/"
	[[ $code == 202 ]]
	ends "$pub" 10
	[[ $(status_of .stops_total) -eq 3 ]]
}

# --- Redis

@test "without Redis a POST is 503; with one that hangs 202 after 5 s, and published when it goes on" {
	local redis=$PWD/redis start
	own_redis "$redis"
	local redis_pid=$own_pid
	REDIS_URL=$own_url listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	post "$(stage_path)" <<<'{"type":"a"}'
	[[ $code == 200 ]]
	kill -STOP "$redis_pid"
	start=${EPOCHREALTIME/./}
	post "$(stage_path)" <<<'{"type":"b"}'
	kill -CONT "$redis_pid"
	[[ $code == 202 || $code == 503 ]]
	echo "$code after $((${EPOCHREALTIME/./} - start)) us: $(<body)"
	if [[ $code == 202 ]]; then
		held() { [[ $(redis-cli -s "$own_socket" XLEN "$LOG") -eq 2 ]]; }
		wait_until 10 held
	fi
	end_process "$redis_pid" KILL
	post "$(stage_path)" <<<'{"type":"c"}'
	[[ $code == 503 || $code == 202 ]]
	echo "$code: $(<body)"
	not gone "$server_pid"
}

@test "one that hangs for longer than --connect-timeout and --timeout is 202 all the same, and harms nobody" {
	local redis=$PWD/redis
	own_redis "$redis"
	local redis_pid=$own_pid
	REDIS_URL=$own_url listen --key "$KEYS/hs" --connect-timeout 500ms --timeout 500ms
	mint --pub -p "$P" -s s
	post "$(stage_path)" <<<'{"type":"a"}'
	[[ $code == 200 ]]
	kill -STOP "$redis_pid"
	post "$(stage_path)" <<<'{"type":"b"}'
	kill -CONT "$redis_pid"
	[[ $code == 202 ]]
	held() { [[ $(redis-cli -s "$own_socket" XLEN "$LOG") -eq 2 ]]; }
	wait_until 10 held
	get /healthz | grep -qx ok
	not gone "$server_pid"
}

@test "a client that goes away in the moment Redis answers its POST leaves nothing behind: the server goes on" {
	local redis=$PWD/redis pages
	own_redis "$redis"
	REDIS_URL=$own_url listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	# One of these fills the socket so that the answers in front of the POST's do not fit.
	for pages in 1 2 3 4 5; do
		python "$ROOT/tests/leave-early.py" web "$pages" "$server_pid" "$own_pid" "$token" "$(stage_path)"
		get /healthz --max-time 5 | grep -qx ok
	done
	wait_until 5 status_is .connections 1
	end_process "$server_pid" TERM
	not says server.err ERROR
}
