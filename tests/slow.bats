#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# slow: readers that lag, by --slow, --max-lag and --memory: what they get, what they cost, and that nobody else waits.

load helpers
load http
load server

# A reader with small buffers, of slow-reader.py: NAME.out is what it read.
slow_reader() { # NAME KIND PATH [ARG...]
	bg "$1" "$PYTHON" "$ROOT/tests/slow-reader.py" "$2" "$port" "$3" "${@:4}"
	wait_until 10 says_or_gone "$bg_pid" "$1.out" '"connected"'
}

# N messages of SIZE bytes, numbered from FROM on.
fat() { # N SIZE [FROM]
	seq "${3:-1}" $((${3:-1} + $1 - 1)) | awk -v pad="$(head -c "$2" /dev/zero | tr '\0' x)" \
		'{ print "{\"type\":\"token\",\"content\":\"" $1 "\",\"padding\":\"" pad "\"}" }'
}

pour() { # FILE [SP-PUB OPTION...]: much faster than it is read
	sp-pub -p "$P" -s s --from json --maxlen 0 --full-text none "${@:2}" <"$1"
}

peak_kb() {
	awk '/^VmHWM/ { print $2 }' "/proc/$server_pid/status"
}

# What the reader got behind its last whole event, as the sequence of contents with gaps in it.
story() { # FILE
	strict --cut <"$1" | jq -r 'select(.data) | .data | fromjson | if .type == "token" then .content else .type end'
}

@test "--slow resume: a reader that stops reading gets all of it from the log when it goes on, and memory is bounded" {
	listen --max-lag 64k
	fat 3000 6000 >all
	slow_reader one pause "$(stage_path)" "$PWD/go"
	local one=$bg_pid
	pour all
	wait_until 10 status_is .readers_blocked 1
	[[ $(status_of .window_bytes) -lt 300000 ]]
	: >go
	ends "$one" 20
	story one.out | diff <(echo connected && seq 3000 && echo done && echo stream_end) -
	[[ $(status_of .log_pages_total) -gt 0 && $(status_of .gaps_total) -eq 0 && $(status_of '.streams_ended_total.slow') -eq 0 ]]
	is_sanitized || [[ $(peak_kb) -lt 30000 ]]
}

@test "--slow latest: it is told of the gap, gets the newest, nothing twice, and the log has what it missed" {
	listen --max-lag 64k --slow latest
	fat 3000 6000 >all
	slow_reader one pause "$(stage_path)" "$PWD/go"
	local one=$bg_pid
	pour all --no-end
	# What has not arrived before it reads on may find it quick enough.
	wait_until 10 status_is .messages_received_total 3000
	wait_until 10 status_is .readers_blocked 1
	: >go
	wait_until 10 says one.out '"type":"gap"'
	fat 5 10 3001 | sp-pub -p "$P" -s s --from json --maxlen 0
	ends "$one" 10
	story one.out >story
	# Up to somewhere, a gap, and then the newest to the end.
	[[ $(grep -c gap story) -eq 1 && $(tail -n 7 story | paste -sd ' ') == '3001 3002 3003 3004 3005 done stream_end' ]]
	sed '/gap/,$d; /connected/d' story >before
	seq "$(wc -l <before)" | diff before -
	[[ $(wc -l <before) -lt 2990 ]]
	# Where the gap begins is the last that it had; where it ends is behind what was there then.
	strict --cut <one.out | jq -r 'select(.data) | .data | fromjson | select(.type == "gap") | .after' >after
	grep -qx "$(id_of "$(wc -l <before)")" after
	[[ $(status_of .gaps_total) -eq 1 ]]
	[[ $(R XRANGE "$LOG" "($(<after)" + | grep -c '"type":"token"') -eq $((3005 - $(wc -l <before))) ]]
}

@test "--slow disconnect: it is put out, and what it has then and gets on its return is all, once" {
	listen --max-lag 64k --slow disconnect --retry 10ms
	fat 3000 6000 >all
	slow_reader one pause "$(stage_path)" "$PWD/go"
	local one=$bg_pid last
	pour all
	wait_until 10 status_is '.streams_ended_total.slow' 1
	wait_until 10 status_is .streams 0
	: >go
	ends "$one" 10
	strict --cut <one.out | jq -r 'select(.data and .id) | .id' >ids
	last=$(tail -n 1 ids)
	get "$(stage_path)" -H "Last-Event-ID: $last" >rest
	{ story one.out && story rest; } | grep -v connected | diff <(seq 3000 && echo done && echo stream_end) -
	[[ $(status_of '.readers_dropped_total["max-lag"]') -eq 1 ]]
}

@test "a reader that takes a little at a time gets all, though it falls out of the window again and again" {
	listen --max-lag 4k --memory 1m
	fat 300 1000 >all
	slow_reader one sip "$(stage_path)" 4000 5
	local one=$bg_pid
	pour all
	ends "$one" 30
	story one.out | diff <(echo connected && seq 300 && echo done && echo stream_end) -
}

@test "--memory bounds what many laggards on many channels cost together; those with the oldest are put out" {
	local n
	listen --max-lag 4m --memory 8m --allow '*'
	for n in {1..12}; do
		bg "deaf$n" "$PYTHON" "$ROOT/tests/bad-clients.py" deaf "$port" 5 "$(stage_path "s$n")"
	done
	wait_until 10 streams 60
	reader quick "$(project_path)"
	wait_until 5 connected quick
	fat 500 12000 >all
	for n in {1..12}; do
		stage=s$n
		sp-pub -p "$P" -s "$stage" --from json --maxlen 0 --full-text none <all
		[[ $(status_of .window_bytes) -le $((9 << 20)) ]]
	done
	[[ $(status_of .readers_dropped_total.memory) -ge 5 ]]
	echo "peak: $(peak_kb) kB, $(status_of .readers_dropped_total.memory) put out"
	is_sanitized || [[ $(peak_kb) -lt 40000 ]]
	all_there() { [[ $(grep -c '"type":"done"' quick.out) -eq 12 ]]; }
	wait_until 10 all_there
	tokens quick.out | sort -n | uniq -c | awk '$1 != 12 { exit 1 } END { exit NR != 500 }'
}

# Messages {"sent":NS} 100 times a second, for SECONDS.
stamped() { # SECONDS
	python -c 'import json, sys, time
end = time.time() + float(sys.argv[1])
while time.time() < end:
    print(json.dumps({"type": "token", "sent": time.time_ns()}), flush=True)
    time.sleep(0.01)' "$1"
}

delay_of_another() { # prints n p50 p99 max, in us
	local before
	before=$(status_of .streams)
	bg quick "$PYTHON" "$ROOT/tests/slow-reader.py" delays "$port" "$(stage_path quick)?since=now" 3
	wait_until 10 streams $((before + 1))
	stamped 2 | sp-pub -p "$P" -s quick --from json --full-text none
	ends "$bg_pid" 10
	cat quick.out
}

@test "a hundred laggards delay no other reader" {
	local alone among
	listen --max-lag 64k
	read -ra alone < <(delay_of_another)
	bg deaf "$PYTHON" "$ROOT/tests/bad-clients.py" deaf "$port" 100 "$(stage_path)"
	wait_until 10 streams 100
	fat 2000 6000 >all
	pour all --no-end
	wait_until 20 status_is .readers_blocked 100
	# And while they lag, more comes for them.
	bg more sp-pub -p "$P" -s s --from json --full-text none --maxlen 0 -- bash -c 'while head -n 10 all; do sleep 0.1; done'
	read -ra among < <(delay_of_another)
	echo "alone: ${alone[*]} us; among laggards: ${among[*]} us"
	[[ ${alone[0]} -ge 100 && ${among[0]} -ge 100 ]]
	[[ ${among[1]} -lt $((alone[1] * 4 + 5000)) && ${among[2]} -lt $((alone[2] * 4 + 50000)) ]]
}

@test "a reader that takes nothing for --write-timeout is left; one that takes a little is not" {
	listen --write-timeout 1s --heartbeat 300ms
	fat 1500 6000 >all
	slow_reader one pause "$(stage_path)" "$PWD/never"
	slow_reader two sip "$(stage_path)" 60000 20
	local two=$bg_pid
	pour all
	wait_until 10 status_is ".streams_ended_total[\"write-timeout\"]" 1 || { get /status; return 1; }
	ends "$two" 30
	story two.out | diff <(echo connected && seq 1500 && echo done && echo stream_end) -
	wait_until 5 status_is .streams 0
}

@test "a reader whose machine is gone without a word is noticed by --write-timeout" {
	unshare -n true 2>/dev/null || skip 'NOT TESTED: no network namespace can be made here (unshare -n)'
	command -v ip >/dev/null || skip 'NOT TESTED: ip(8) is missing'
	cat >inside <<-'END'
		trap 'kill $(jobs -p); wait' EXIT
		ip link set lo up
		sp-sse --listen 127.0.0.1:0 --admin "unix:$PWD/admin" --write-timeout 1s --heartbeat 200ms 2>server.err 3>&- &
		wait_until 10 grep -qs ready server.err || exit
		port=$(sed -n 's/.*ready 127.0.0.1:\([0-9]*\)$/\1/p' server.err)
		curl -sN "http://127.0.0.1:$port$1" >one.out 3>&- &
		wait_until 10 grep -q connected one.out || exit
		ip link set lo down
		left() { [[ $(curl -s --unix-socket admin http://a/status | jq .streams) == 0 ]]; }
		wait_until 10 left && echo noticed
	END
	export -f wait_until
	run -0 unshare -n bash ./inside "$(stage_path)"
	[[ $output == *noticed* ]]
}

@test "--inetd and --write-timeout: the same for its one reader" {
	fat 1500 6000 >all
	pour all
	serve_tcp --write-timeout 1s
	slow_reader one pause "$(stage_path)" "$PWD/never"
	slow_reader two sip "$(stage_path)" 60000 20
	ends "$bg_pid" 45
	story two.out | diff <(echo connected && seq 1500 && echo done && echo stream_end) -
	local pid
	while read -r pid; do
		wait_until 5 gone "$pid"
	done <pids
}
