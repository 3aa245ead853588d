#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-sse --listen when things go wrong: clients that do not behave, no descriptors, no Redis, signals under load.

load helpers
load http
load server
load malformed
load docs

@test "slowloris: many heads that never end are 408 or closed in time, and nobody else waits" {
	listen --header-timeout 500ms
	bg slow "$PYTHON" "$ROOT/tests/bad-clients.py" slowloris "$port" 500
	for _ in 1 2 3 4 5; do
		[[ $(get /healthz --max-time 2) == ok ]]
	done
	ends "$bg_pid" 10
	cat slow.out slow.err
	[[ $status -eq 0 ]]
	wait_until 5 status_is .connections 1
	[[ $(status_of '.refused_total["header-timeout"]') -ge 1 ]]
}

@test "bytes that keep trickling in do not extend the time for the head, nor for a body" {
	listen --header-timeout 400ms
	bg slow "$PYTHON" "$ROOT/tests/bad-clients.py" trickle "$port" 5
	ends "$bg_pid" 10
	[[ $status -eq 0 ]]
}

# As many as two processes hold here, or fewer where a process may hold less.
@test "20,000 readers come at once: none is refused or lost, all get the messages, and all is given back" {
	local n=20000 room before
	command -v sp-bench >/dev/null || skip 'no sp-bench'
	room=$(ulimit -Hn)
	if is_sanitized; then n=4000; fi
	[[ $room = unlimited || $room -ge $((n / 2 + 300)) ]] || n=$(((room - 300) * 2))
	listen --workers 2 --allow 'burst*' --max-per-ip 0
	wait_until 5 status_is .workers 2
	before=$(server_fds)
	# Without a moment between them: far more than the kernel keeps in its queue.
	bg load sp-bench sse --url "http://127.0.0.1:$port/api/v1/sse/channels/burst/" --publish redis -c burst \
		--redis "$REDIS_URL" -q --connections "$n" --processes 2 --rate 1000000 --publish-rate 10 --count 10 \
		--duration 10s --drain 20s --answer-timeout 20s
	while not gone "$bg_pid"; do
		[[ $(get /healthz --max-time 5) == ok ]]
	done
	jq -c '[.result.connects_per_s, .latency_us.first_event, .result, .audit]' load.out
	jq -e --argjson n "$n" '.result.streams == $n and .result.attempts == $n and .result.errors == 0 and
		.result.statuses == {"200": $n} and .result.deliveries == 10 * $n and .audit.lost == 0' load.out
	wait_until 10 status_is .connections 1
	[[ $(status_of '.refused_total | add') -eq 0 && $(status_of .accept_errors_total) -eq 0 ]]
	wait_until 10 given_back "$before"
}

server_fds() {
	local pid n=0
	for pid in $(pgrep -P "$server_pid"); do
		n=$((n + $(find "/proc/$pid/fd" | wc -l)))
	done
	echo "$n"
}

# The one who asks may still be there.
given_back() { # DESCRIPTORS
	[[ $(server_fds) -le $(($1 + 2)) ]]
}

@test "readers that never read cost bounded memory and delay nobody; one that goes on gets all" {
	local n=20000 peak
	listen
	bg deaf "$PYTHON" "$ROOT/tests/bad-clients.py" deaf "$port" 50 "$(stage_path)"
	wait_until 10 streams 50
	reader slow "$(stage_path)"
	wait_until 5 connected slow
	local slow=$bg_pid
	kill -STOP "$slow"
	reader quick "$(stage_path)"
	wait_until 5 connected quick
	numbers "$n" | sed 's/.*/{"type":"token","content":"&","padding":"01234567890123456789012345678901234567890123456789012345678901234567890123456789"}/' |
		sp-pub -p "$P" -s s --from json --maxlen 0 --full-text none
	wait_until 20 says quick.out stream_end
	tokens quick.out | cmp - <(numbers "$n")
	kill -CONT "$slow"
	wait_until 20 says slow.out stream_end
	tokens slow.out | cmp - <(numbers "$n")
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$server_pid/status")
	echo "peak: $peak kB"
	is_sanitized || [[ $peak -lt 40000 ]]
}

@test "readers that vanish (SIGKILL) are noticed; their descriptors come back" {
	listen
	before=$(find "/proc/$server_pid/fd" | wc -l)
	bg vanish "$PYTHON" "$ROOT/tests/bad-clients.py" deaf "$port" 300 "$(project_path)"
	wait_until 10 streams 300
	end_process "$bg_pid" KILL
	publish a
	wait_until 10 streams 0
	wait_until 10 status_is .connections 1
	[[ $(find "/proc/$server_pid/fd" | wc -l) -le $((before + 3)) ]]
}

@test "readers that take a byte a second cost bounded memory and delay nobody; what they have is right" {
	local n=4000 peak
	listen --write-timeout 2s --max-lag 256k
	numbers "$n" | sed 's/.*/{"type":"token","content":"&","padding":"01234567890123456789012345678901234567890123456789012345678901234567890123456789"}/' >all
	for i in {1..20}; do
		bg "sip$i" "$PYTHON" "$ROOT/tests/slow-reader.py" sip "$port" "$(stage_path)" 1 1000
	done
	wait_until 20 streams 20
	reader quick "$(stage_path)"
	wait_until 5 connected quick
	sp-pub -p "$P" -s s --from json --maxlen 0 --full-text none <all
	wait_until 20 says quick.out stream_end
	tokens quick.out | cmp - <(numbers "$n")
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$server_pid/status")
	echo "peak: $peak kB"
	is_sanitized || [[ $peak -lt 40000 ]]
	# They take less than TCP tells of: each is left.
	wait_until 20 streams 0
	for i in {1..20}; do
		strict --cut <"sip$i.out" >/dev/null
		says "sip$i.out" connected
	done
}

@test "a reader whose machine vanishes without FIN is left, its descriptor comes back, and its neighbour goes on" {
	unshare -n true 2>/dev/null || skip 'NOT TESTED: no network namespace can be made here (unshare -n)'
	command -v ip >/dev/null || skip 'NOT TESTED: ip(8) is missing'
	cat >inside <<-'END'
		there() { [[ $(readlink /proc/$away/ns/net) != $(readlink /proc/self/ns/net) ]]; }
		fds() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
		streams() { [[ $(curl -s --unix-socket admin http://a/status | jq .streams) -eq $1 ]]; }
		trap 'kill $(jobs -p)' EXIT
		ip link set lo up
		unshare -n sleep 50 3>&- & away=$!
		wait_until 15 there || exit
		ip link add v0 type veth peer name v1 || { echo NOT TESTED; exit 0; }
		ip link set v1 netns $away
		ip address add 192.0.2.1/24 dev v0 && ip link set v0 up
		nsenter -t $away -n ip address add 192.0.2.2/24 dev v1
		nsenter -t $away -n ip link set v1 up
		sp-sse --listen 192.0.2.1:0 --insecure --admin "unix:$PWD/admin" --write-timeout 1s --heartbeat 200ms 2>server.err 3>&- & server=$!
		wait_until 15 grep -qs ready server.err || exit
		port=$(sed -n 's/.*ready 192.0.2.1:\([0-9]*\)$/\1/p' server.err)
		curl -sN "http://192.0.2.1:$port$1" >near.out 3>&- &
		wait_until 15 grep -qs connected near.out || exit
		curl -s --unix-socket admin http://a/status >status
		before=$(fds)
		for n in 1 2 3 4 5; do
			nsenter -t $away -n curl -sN "http://192.0.2.1:$port$1" >far$n.out 3>&- &
			wait_until 15 grep -qs connected far$n.out || exit
		done
		streams 6 || exit 1
		# Its address goes: nothing is said, and nothing that comes is answered.
		nsenter -t $away -n ip address flush dev v1
		wait_until 15 streams 1 || exit
		curl -s --unix-socket admin http://a/status | jq -e '.streams_ended_total["write-timeout"] == 5' || exit 1
		back() { [[ $(fds) -le $before ]]; }
		wait_until 15 back || exit
		beats=$(grep -c '^: ' near.out)
		more() { [[ $(grep -c '^: ' near.out) -gt $beats ]]; }
		wait_until 15 more || exit
		echo noticed
	END
	export -f wait_until
	run -0 unshare -n bash ./inside "$(stage_path)"
	[[ $output != *'NOT TESTED'* ]] || skip 'NOT TESTED: no pair of veth can be made here'
	[[ $output == *noticed* ]]
}

@test "bad percent escapes, traversal, NUL and over-long UTF-8 in a path are 400 or 404, and nobody's data" {
	local name path
	publish_run secret
	listen
	for name in "${illegal_names[@]}"; do
		for path in "/api/v1/sse/projects/$P/stages/$name/" "/api/v1/sse/projects/$name/" "/api/v1/projects/$name/state"; do
			request "$path" 'Connection: close' | answers 400
			not says answer secret
		done
	done
	for path in "/api/v1/sse/projects/x/../$P/stages/s/" "/api/v1/sse/projects/x/stages/../../$P/stages/s/" "//api/v1/sse/projects/$P/" \
		"/api/v1/sse/./projects/$P/stages/s/" "/%61pi/v1/sse/projects/$P/stages/s/" '/../../etc/passwd' "/api/v1/sse/projects/$P/stages/s/%2e%2e/t/"; do
		request "$path" 'Connection: close' | answers 404
		not says answer secret
	done
	for name in %zz % %2 '%u0041' %00; do
		request "$(stage_path)?since=$name" 'Connection: close' | answers 400
		not says answer secret
	done
	[[ $(get /healthz) == ok ]]
}

@test "a storm of connects that say nothing, or leave at once, is survived" {
	listen --header-timeout 1s
	bg storm "$PYTHON" "$ROOT/tests/bad-clients.py" storm "$port" 5000
	ends "$bg_pid" 30
	[[ $status -eq 0 && $(get /healthz) == ok ]]
	wait_until 10 status_is .connections 1
	[[ $(status_of .accepted_total) -ge 5000 ]]
}

# A server that may have 64 descriptors, and readers that take more.
listen_with_few() { # OPTION...
	(
		ulimit -n 64
		bg server sp-sse --listen 127.0.0.1:0 --admin "unix:$PWD/own" "$@"
		echo "$bg_pid" >server.pid
	)
	server_pid=$(<server.pid)
	PIDS+=("$server_pid")
	is_ready "$server_pid"
	reader one "$(stage_path)"
	wait_until 5 connected one
	bg many "$PYTHON" "$ROOT/tests/bad-clients.py" deaf "$port" 100 "$(stage_path)"
	many=$bg_pid
}

# Who was in gets what comes; when the others have left, whoever comes is served again.
recovers() {
	publish a
	wait_until 5 says one.out '"content":"a"'
	end_process "$many" KILL
	publish_run b
	# As soon as the load is normal again.
	well() { [[ $(get "$(stage_path)" --max-time 2 | types /dev/stdin) == 'connected token done stream_end' ]]; }
	wait_until 20 well
	not gone "$server_pid"
}

@test "descriptors exhausted: those who are in are served, those who come on top wait until there are some" {
	listen_with_few --max-connections 1000
	wait_until 10 says server.err 'accept: Too many open files'
	recovers
}

@test "descriptors about to be exhausted: by itself the server keeps some back, and tells those who come on top" {
	listen_with_few
	told() { [[ $(curl -s --unix-socket own http://a/status | jq '.refused_total["max-connections"]') -ge 20 ]]; }
	wait_until 10 told
	recovers
}

@test "Redis is down at the start: it serves, /readyz is 503, readers are asked back; then it is there" {
	local redis=$PWD/redis
	export REDIS_URL=unix://$redis/redis.sock
	listen --connect-timeout 300ms
	[[ $(get /healthz) == ok ]]
	[[ $(get /readyz -o /dev/null -w '%{http_code}') == 503 ]]
	[[ $(get "$(stage_path)" -o /dev/null -w '%{http_code}') == 503 ]]
	get "$(stage_path)" -H 'Accept: text/event-stream' | strict | jq -e -s '.[0].retry >= 2000'
	[[ $(get "/api/v1/projects/$P/state" -o /dev/null -w '%{http_code}') == 503 ]]
	own_redis "$redis"
	ready() { [[ $(get /readyz) == ok ]]; }
	wait_until 10 ready
	publish_run a
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
}

@test "Redis killed and started again in mid-stream is only a pause: every message once, in order, no gap" {
	local redis=$PWD/redis
	own_redis "$redis" --appendonly yes --appendfsync always
	local redis_pid=$own_pid
	export REDIS_URL=$own_url
	listen --heartbeat 50ms
	mkfifo in
	exec {feed}<>in
	bg_in=in bg publisher sp-pub -p "$P" -s s --from lines
	local publisher=$bg_pid
	reader one "$(stage_path)"
	reader all "$(project_path)"
	wait_until 5 connected one
	wait_until 5 connected all
	numbers 100 a >&"$feed"
	wait_until 5 says one.out '"content":"a 100\n"'
	kill -KILL "$redis_pid"
	wait_until 5 gone "$redis_pid"
	numbers 100 b >&"$feed"
	wait_until 5 says server.err 'retrying'
	beats=$(grep -c '^: ' one.out) || true
	more_beats() { [[ $(grep -c '^: ' one.out) -gt $((beats + 1)) ]]; }
	wait_until 5 more_beats
	own_redis "$redis" --appendonly yes --appendfsync always
	wait_until 10 says all.out '"content":"b 100\n"'
	numbers 100 c >&"$feed"
	wait_until 10 says all.out '"content":"c 100\n"'
	exec {feed}>&-
	end_process "$publisher" TERM
	wait_until 10 says one.out stream_end
	for name in one all; do
		tokens "$name.out" | grep . | diff <(numbers 100 a && numbers 100 b && numbers 100 c) -
		not says "$name.out" '"gap"'
	done
	says server.err 'connected to Redis again'
	[[ $(status_of .redis_losses_total) -ge 1 ]]
}

@test "a message of 1 MiB goes through whole, to many" {
	{
		printf '{"type":"token","content":"'
		head -c 1000000 /dev/zero | tr '\0' x
		printf '"}\n'
	} >big
	listen
	for n in 1 2 3 4 5; do
		reader "reader$n" "$(stage_path)"
		wait_until 5 connected "reader$n"
	done
	sp-pub -p "$P" -s s --from json --full-text none <big
	for n in 1 2 3 4 5; do
		wait_until 10 says "reader$n.out" stream_end
		tokens "reader$n.out" | wc -c | grep -qx 1000001
	done
}

@test "USR2 and HUP under load: not one connection is refused, not one message lost" {
	listen --drain 500ms --retry 10ms --access-log log
	bg load "$PYTHON" "$ROOT/tests/bad-clients.py" connects "$port" 4
	local load=$bg_pid pid=$server_pid new
	numbers 400 | sed 's/.*/{"type":"token","content":"&"}/' >in
	bg source "$PYTHON" "$ROOT/tests/sse-strict.py" --source web "$(stage_path)"
	local source=$bg_pid
	head -n 200 in | sp-pub -p "$P" -s s --from json --no-end
	wait_until 10 says source.out '\"content\":\"200\"'
	for round in 1 2 3; do
		kill -HUP "$pid"
		kill -USR2 "$pid"
		taken() { [[ $(grep -c 'has taken over' server.err) -eq $round ]]; }
		wait_until 10 taken
		new=$(sed -n 's/.*process \([0-9]*\) has taken over/\1/p' server.err | tail -n 1)
		PIDS+=("$new")
		wait_until 10 gone "$pid"
		pid=$new
	done
	tail -n 200 in | sp-pub -p "$P" -s s --from json
	ends "$source" 20
	[[ $status -eq 0 ]]
	jq -r 'select(.data) | .data | fromjson | select(.type == "token") | .content' source.out | diff <(numbers 400) -
	ends "$load" 20
	cat load.out load.err
	[[ $status -eq 0 ]]
	end_process "$pid" TERM
}

@test "TERM under load, on a socket that outlives the server: not one connection is refused, not one message lost" {
	port=$(free_port)
	bg server "$PYTHON" "$ROOT/tests/keep-socket.py" "$port" sp-sse --listen "unix:$PWD/web" --drain 300ms --retry 10ms
	local keeper=$bg_pid
	wait_until 10 listens "$PWD/web"
	bg load "$PYTHON" "$ROOT/tests/bad-clients.py" connects "$port" 5
	local load=$bg_pid
	mkfifo in
	exec {feed}<>in
	bg_in=in bg publisher sp-pub -p "$P" -s s --from lines
	local publisher=$bg_pid
	for n in 1 2 3; do
		bg "reader$n" "$PYTHON" "$ROOT/tests/bad-clients.py" follow "$port" 1 "$(stage_path)"
		readers[n]=$bg_pid
		wait_until 5 says "reader$n.out" connected
	done
	for round in 1 2 3; do
		numbers 200 "$round" >&"$feed"
		kill -TERM "$(sed -n "${round}p" server.out)"
		wait_until 10 lines server.out $((round + 1))
	done
	numbers 200 4 >&"$feed"
	wait_until 5 logged "$LOG" 800
	exec {feed}>&-
	end_process "$publisher" TERM
	for n in 1 2 3; do
		ends "${readers[n]}" 30 || { tail -n 3 "reader$n.out"; cat reader*.err server.err publisher.err; return 1; }
		[[ $status -eq 0 ]]
		jq -r 'select(.type == "token") | .content' "reader$n.out" | grep . | diff <(for round in 1 2 3 4; do numbers 200 $round; done) -
	done
	ends "$load" 20
	cat load.out load.err
	[[ $status -eq 0 ]]
	end_process "$keeper" TERM
}

@test "a reader whose connection, gateway and Redis are killed in turn, again and again, ends with exactly the log" {
	is_sanitized && turns=12 || turns=30
	LOOP_SECONDS=45 "$PYTHON" "$ROOT/tests/loop" "$SPOUT_BUILD" "$turns" >result
	cat result
	jq -e --argjson n "$turns" '.turns == $n and .read == .logged and .connections > $n / 4 and .gaps == 0' result
}

@test "a worker that hangs is killed and replaced; the others serve meanwhile" {
	listen --workers 2 --worker-timeout 1s
	local worker
	worker=$(pgrep -P "$server_pid" | head -n 1)
	wait_until 5 status_is .workers 2
	kill -STOP "$worker"
	wait_until 10 says server.err "worker $worker hangs"
	wait_until 5 gone "$worker"
	two() { [[ $(pgrep -P "$server_pid" | wc -l) -eq 2 ]]; }
	wait_until 10 two
	for _ in {1..10}; do
		[[ $(get /healthz --max-time 5) == ok ]]
	done
	wait_until 5 status_is .worker_restarts_total 1
}

# Everything that takes a descriptor, N times.
each_errand() { # N
	"$PYTHON" "$ROOT/tests/bad-clients.py" errands "$port" "$1" "$(stage_path)" "$token"
}

@test "no descriptor is left behind: two thousand connects, readers, POSTs and errors, with HUP and Redis restarted between" {
	own_redis "$PWD/redis"
	local redis_pid=$own_pid
	export REDIS_URL=$own_url
	openssl rand -hex 32 >key
	chmod 600 key
	listen --key key --drain 100ms --access-log log --connect-timeout 300ms
	token=$(sp-sse token --pub -p "$P" --for 10m --key key)
	publish_run a
	fds() { find "/proc/$server_pid/fd" -mindepth 1 | wc -l; }
	is_up() { [[ $(get /readyz) == ok ]]; }
	idle() { status_is .connections 1 && status_is .channels 0; }
	each_errand 30 # what is opened once is open then
	wait_until 10 idle
	local before
	before=$(fds)
	each_errand 700
	for _ in 1 2 3 4 5; do
		kill -HUP "$server_pid"
	done
	bg deaf "$PYTHON" "$ROOT/tests/bad-clients.py" deaf "$port" 100 "$(stage_path)?access_token=$token&since=now"
	wait_until 10 streams 100
	end_process "$redis_pid" KILL
	wait_until 5 status_is .redis down
	get "$(stage_path t)" -H "Authorization: Bearer $token" -o /dev/null -w '%{http_code}' --max-time 5 | grep -qx 503
	own_redis "$PWD/redis"
	wait_until 10 is_up
	end_process "$bg_pid" KILL
	publish_run a
	each_errand 1300
	wait_until 10 idle
	[[ $(status_of .streams) -eq 0 && $(status_of '.answers_total["4xx"]') -ge 800 && $(status_of .published_total) -ge 140 ]]
	settled() { [[ $(fds) -le $before ]]; }
	wait_until 5 settled || { ls -l "/proc/$server_pid/fd"; return 1; }
}

@test "strace finds no descriptor that is opened and not closed" {
	command -v strace >/dev/null || skip 'NOT TESTED: no strace'
	not is_sanitized || skip 'LeakSanitizer does not work under strace'
	openssl rand -hex 32 >key
	chmod 600 key
	bg server strace -f -o trace -e trace=accept4,socket,close,dup,openat,epoll_create1,pipe2 \
		sp-sse --listen 127.0.0.1:0 --key key --drain 100ms
	is_ready "$bg_pid"
	token=$(sp-sse token --pub -p "$P" --for 10m --key key)
	publish_run a
	each_errand 50
	kill -TERM "$(pgrep -P "$bg_pid")"
	ends "$bg_pid"
	python - trace <<-'END'
		import re, sys
		# TERM lets everything go: what is still open at the exit is left behind, but for what the process began with.
		held = set()
		for line in open(sys.argv[1]):
		    if m := re.match(r'\d+ +close\((\d+)\) += 0', line):
		        held.discard(int(m[1]))
		    elif m := re.match(r'\d+ +\w+\(.*\) += (\d+)', line):
		        held.add(int(m[1]))
		    if m := re.search(r'pipe2\(\[(\d+), (\d+)\]', line):
		        held |= {int(m[1]), int(m[2])}
		        held.discard(0)
		held -= {0, 1, 2}
		sys.exit(f'left open: {held}' if held else 0)
	END
}

@test "Redis that comes back without its data: readers are told of a gap and go on; so is one that returns to a log that is gone" {
	local redis=$PWD/redis last
	own_redis "$redis"
	local redis_pid=$own_pid
	export REDIS_URL=$own_url
	listen
	reader live "$(project_path)"
	wait_until 5 connected live
	publish a b
	wait_until 5 says live.out '"content":"b"'
	last=$(sed -n 's/^id: //p' live.out | tail -n 1)
	end_process "$redis_pid" KILL
	own_redis "$redis"
	publish c
	wait_until 10 says live.out '"content":"c"'
	[[ $(types live.out) == 'connected token token gap token' ]]
	strict --cut <live.out | jq -r 'select(.data) | .data | fromjson | select(.type == "gap") | .after' | grep -qx "$last"
	# The log expires while its readers are there: nothing that comes is lost, and nothing said.
	redis-cli -s "$own_socket" DEL "$LOG" "$LOG:runs" >/dev/null
	publish d
	wait_until 5 says live.out '"content":"d"'
	[[ $(types live.out) == 'connected token token gap token token' ]]
	redis-cli -s "$own_socket" DEL "$LOG" "$LOG:runs" >/dev/null
	reader back "$(project_path)" -H "Last-Event-ID: $last"
	wait_until 5 says back.out '"type":"gap"'
	publish e
	wait_until 5 says back.out '"content":"e"'
	wait_until 5 says live.out '"content":"e"'
	[[ $(types back.out) == 'connected gap token' && $(types live.out) == 'connected token token gap token token token' ]]
}
