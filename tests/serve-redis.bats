#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-sse --listen when Redis is slow, busy or full, its log trimmed or its messages huge, and when the clock steps.

load helpers
load http
load keys
load server

Q() {
	redis-cli --raw -s "$own_socket" "$@"
}

# Milliseconds that a command takes.
takes() { # COMMAND...
	local start=${EPOCHREALTIME/./}
	"$@" >/dev/null
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}

is_quick() { # PATH: quicker than any answer of Redis, at least once on a busy machine
	[[ $(takes get "$1") -lt 150 ]]
}

beats() { # NAME: heartbeats that it has had
	grep -c '^: heartbeat' "$1.out" || true
}

more_beats() { # NAME THAN
	[[ $(beats "$1") -gt $2 ]]
}

# Posts standard input with $token: $code, and the answer in body.
post() { # PATH [CURL OPTION...]
	code=$(curl -sS --max-time 20 -o body -w '%{http_code}' -H "Authorization: Bearer $token" --data-binary @- \
		"http://127.0.0.1:$port$1" "${@:2}")
}

@test "a Redis that answers 200 ms late makes everything later, and nothing else: no gap, no reconnect, no order lost" {
	own_redis "$PWD/redis"
	local url=$own_url
	bg proxy "$PYTHON" "$ROOT/tests/late-proxy.py" "$PWD/late.sock" "$own_socket" 200
	wait_until 5 says proxy.out ready
	REDIS_URL=unix://$PWD/late.sock listen --key "$KEYS/hs" --heartbeat 100ms --timeout 5s
	mint --pub -p "$P" -s s
	export REDIS_URL=$url
	numbers 3000 | sed 's/.*/{"type":"token","content":"&"}/' | sp-pub -p "$P" -s s --from json --full-text none --no-end
	for n in 1 2 3; do
		reader "reader$n" "$(stage_path)?since=0" -H "Authorization: Bearer $token"
	done
	numbers 3000 later | sed 's/.*/{"type":"token","content":"&"}/' | sp-pub -p "$P" -s s --from json --full-text none
	for n in 1 2 3; do
		wait_until 20 says "reader$n.out" stream_end
		tokens "reader$n.out" | cmp - <(numbers 3000 && numbers 3000 later)
		not says "reader$n.out" '"gap"'
	done
	post "$(stage_path)" <<<'{"type":"note"}'
	[[ $code == 200 ]]
	# Who does not ask Redis does not wait for it.
	wait_until 10 is_quick /healthz
	not says server.err retrying
	[[ $(Q INFO clients | tr -d '\r' | sed -n 's/^connected_clients://p') -le 6 ]]
}

@test "while one command keeps Redis busy readers have their heartbeats and others their answers; then all of it comes, once" {
	own_redis "$PWD/redis" --enable-debug-command yes
	export REDIS_URL=$own_url
	listen --heartbeat 100ms
	reader one "$(stage_path)"
	wait_until 5 connected one
	publish a
	wait_until 5 says one.out '"content":"a"'
	bg busy redis-cli -s "$own_socket" DEBUG SLEEP 2
	local busy=$bg_pid before
	reader late "$(stage_path)?since=0"
	before=$(beats one)
	bg publisher sp-pub -p "$P" -s s token content=b
	wait_until 2 more_beats one $((before + 4))
	not gone "$busy"
	[[ $(get /healthz) == ok ]]
	ends "$busy" 10
	wait_until 5 says one.out '"content":"b"'
	wait_until 5 says late.out '"content":"b"'
	[[ $(tokens one.out | paste -sd ' ') == 'a b' && $(tokens late.out | paste -sd ' ') == 'a b' ]]
	not says server.err retrying
}

@test "a full Redis: POST is 202 after five seconds and published once there is room, never twice; readers read on" {
	own_redis "$PWD/redis" --maxmemory-policy noeviction
	export REDIS_URL=$own_url
	listen --key "$KEYS/hs" --heartbeat 100ms
	mint --pub -p "$P" -s s
	publish a b c
	reader one "$(stage_path)?since=0" -H "Authorization: Bearer $token"
	wait_until 5 says one.out '"content":"c"'
	Q CONFIG SET maxmemory 1 >/dev/null
	Q SET more more 2>&1 | grep -q OOM
	post "$(stage_path)" <<<'{"type":"token","content":"d"}'
	[[ $code == 202 && $(<body) == *'not acknowledged'* ]]
	reader two "$(stage_path)?since=0" -H "Authorization: Bearer $token"
	wait_until 5 says two.out '"content":"c"'
	local before
	before=$(beats one)
	wait_until 5 more_beats one "$before"
	[[ $(get /readyz) == ok ]]
	Q CONFIG SET maxmemory 0 >/dev/null
	wait_until 20 says one.out '"content":"d"'
	wait_until 5 says two.out '"content":"d"'
	post "$(stage_path)" <<<'{"type":"token","content":"e"}'
	[[ $code == 200 ]]
	wait_until 5 says one.out '"content":"e"'
	[[ $(tokens one.out | paste -sd ' ') == 'a b c d e' ]]
	not says one.out '"gap"'
}

@test "the clock steps an hour ahead and two back: heartbeats and deadlines go on, tokens go by the clock, no stream ends" {
	[[ -n $(command -v cc) ]] || skip 'there is no C compiler for the clock that steps'
	! is_sanitized || skip 'the sanitizer has to come before the clock that steps'
	cc -shared -fPIC -O1 -o step.so "$ROOT/tests/clock-step.c"
	: >step
	CLOCK_STEP=$PWD/step LD_PRELOAD=$PWD/step.so listen --key "$KEYS/hs" --heartbeat 100ms --header-timeout 1s
	local half full before seconds took
	half=$(sp-sse token -p "$P" -s s --for 30m --key "$KEYS/hs")
	full=$(sp-sse token -p "$P" -s s --for 100m --key "$KEYS/hs")
	reader one "$(stage_path)" -H "Authorization: Bearer $half"
	wait_until 5 connected one
	publish a
	wait_until 5 says one.out '"content":"a"'
	for seconds in 3600 -3600 0; do
		echo "$seconds" >step
		before=$(beats one)
		publish "at $seconds"
		wait_until 5 says one.out "\"content\":\"at $seconds\""
		wait_until 5 more_beats one $((before + 3))
		# An hour is not over: so many heartbeats would have come at once, or none.
		[[ $(beats one) -lt $((before + 60)) ]]
		# A head that is not finished has its second, whatever the clock says.
		took=$(takes timeout 10 bash -c "exec 5<>/dev/tcp/127.0.0.1/$port; printf 'GET / HT' >&5; cat <&5")
		echo "at $seconds s the head had $took ms"
		[[ $took -ge 800 && $took -lt 8000 ]]
		code=$(get "$(stage_path)?since=0" -o /dev/null -w '%{http_code}' --max-time 1 \
			-H "Authorization: Bearer $half") || true
		[[ $code == "$([[ $seconds -gt 1800 ]] && echo 401 || echo 200)" ]]
		code=$(get "$(stage_path)?since=0" -o /dev/null -w '%{http_code}' --max-time 1 \
			-H "Authorization: Bearer $full") || true
		[[ $code == 200 ]]
	done
	[[ $(tokens one.out | paste -sd ,) == 'a,at 3600,at -3600,at 0' ]]
	not says one.out '"gap"'
	status_is .streams 1 || wait_until 5 status_is .streams 1
}

@test "a log trimmed past the cursor of a reader that lags, and of one that comes back: each is told from where to where" {
	local n=4000 last
	listen --max-lag 64k
	reader slow "$(stage_path)"
	wait_until 5 connected slow
	local slow=$bg_pid
	publish first
	wait_until 5 says slow.out '"content":"first"'
	last=$(sed -n 's/^id: //p' slow.out | tail -n 1)
	kill -STOP "$slow"
	numbers "$n" | sed "s/.*/{\"type\":\"token\",\"content\":\"&\",\"padding\":\"$(printf '%02000d' 0)\"}/" |
		sp-pub -p "$P" -s s --from json --maxlen 0 --full-text none --no-end
	R XTRIM "$LOG" MAXLEN 10 >/dev/null
	kill -CONT "$slow"
	publish last
	wait_until 20 says slow.out '"content":"last"'
	tokens slow.out >slow.tokens
	# In order, and what is missing is what lies between the gap's two sides.
	sort -n -c <(grep '^[0-9]' slow.tokens)
	[[ $(tail -n 3 slow.tokens | paste -sd ' ') == "$((n - 1)) $n last" ]]
	[[ $(types slow.out | tr ' ' '\n' | grep -c gap) -eq 1 && $(wc -l <slow.tokens) -lt $n ]]
	reader back "$(stage_path)" -H "Last-Event-ID: $last"
	wait_until 5 says back.out '"content":"last"'
	[[ $(types back.out | cut -d ' ' -f 1-3) == 'connected gap token' ]]
	strict --cut <back.out | jq -r 'select(.data) | .data | fromjson | select(.type == "gap") | .after, .before' |
		cmp - <(echo "$last" && id_of 1)
	[[ $(tokens back.out | wc -l) -eq 11 ]]
}

@test "a log of messages of 1 MiB is read in pages that do not grow with it: memory stays bounded, all of it comes" {
	local n=60 peak
	{
		for ((i = 1; i <= n; i++)); do
			printf '{"type":"token","content":"%d %s"}\n' "$i" "$(head -c 1000000 /dev/zero | tr '\0' x)"
		done
	} | sp-pub -p "$P" -s s --from json --full-text none
	listen
	reader all "$(stage_path)?since=0"
	wait_until 20 says all.out stream_end
	tokens all.out | cut -d ' ' -f 1 | cmp - <(numbers "$n")
	tokens all.out | awk 'length($2) != 1000000 { exit 1 }'
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$server_pid/status")
	echo "peak: $peak kB"
	is_sanitized || [[ $peak -lt 60000 ]]
}

@test "what Redis refuses one channel is said in a line, not one for each reader, and leaves nothing behind" {
	own_redis "$PWD/redis"
	Q ACL SETUSER reader on '>secret' '~*' '&sp:*' '+@all' >/dev/null
	REDIS_URL="$own_url?user=reader&password=secret" listen --allow 'chat:*'
	local n
	for n in '%1bx' {1..9}; do
		[[ $(get "/api/v1/sse/channels/chat:$n/" -o body -w '%{http_code}') == 503 ]]
	done
	[[ $(grep -c NOPERM server.err) -eq 1 ]]
	says server.err 'chat:?x: NOPERM' # no control byte of a reader's stands in a log
	wait_until 5 status_is .channels 0
	get /readyz | grep -qx ok
}

@test "a POST that Redis refuses is 503, and the operator is told why" {
	own_redis "$PWD/redis"
	Q ACL SETUSER reader on '>secret' '~*' '&*' '+@all' -eval -evalsha >/dev/null
	REDIS_URL="$own_url?user=reader&password=secret" listen --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	post "$(stage_path)" <<<'{"type":"a"}'
	[[ $code == 503 ]]
	not says body NOPERM
	wait_until 5 says server.err "NOPERM"
}

@test "a log that is no log is named, and its readers are asked to come back" {
	own_redis "$PWD/redis"
	REDIS_URL=$own_url listen
	Q SET "$LOG" x >/dev/null
	[[ $(get "$(stage_path)" -o body -w '%{http_code}') == 503 ]]
	[[ $(grep -c WRONGTYPE server.err) -eq 1 ]]
	says server.err "sp:project:$P"
	Q DEL "$LOG" >/dev/null
	reader one "$(stage_path)"
	wait_until 5 connected one
}

@test "a Redis that refuses for good is not waited for: readers are asked to come back at once" {
	own_redis "$PWD/redis"
	REDIS_URL="$own_url?db=99" listen --connect-timeout 20s
	wait_until 5 says server.err 'out of range'
	[[ $(takes get "$(stage_path)") -lt 5000 ]]
	[[ $(get "$(stage_path)" -o body -w '%{http_code}') == 503 ]]
	get "$(project_path)" -H 'Accept: text/event-stream' | grep -q '^retry: '
	[[ $(status_of .channels) -eq 0 && $(status_of .streams_postponed_total) -eq 3 ]]
}

@test "HUP tries a Redis again that refused for good" {
	own_redis "$PWD/redis" --requirepass right
	REDIS_URL="$own_url?password=wrong" listen
	wait_until 5 says server.err WRONGPASS
	[[ $(get /readyz -o body -w '%{http_code}') == 503 ]]
	kill -HUP "$server_pid"
	wait_until 5 says_twice server.err WRONGPASS
	redis-cli -s "$own_socket" -a right --no-auth-warning CONFIG SET requirepass wrong >/dev/null
	kill -HUP "$server_pid"
	wait_until 5 is_served /readyz
	REDIS_URL="$own_url?password=wrong" sp-pub -p "$P" -s s done
	get "$(stage_path)" | grep -q stream_end
}

says_twice() { # FILE TEXT
	[[ $(grep -c "$2" "$1") -ge 2 ]]
}

is_served() { # PATH
	[[ $(get "$1" -o /dev/null -w '%{http_code}') == 200 ]]
}
