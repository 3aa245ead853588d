#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# reconnect: connections are cut, scripts flushed, Redis killed and started again. What sp-pub exited 0 for is
# in the log, once and in order; a reader's output is the log.

load helpers

# Lines with pauses in between, so that the publishing outlives many cuts.
paced() { # FILE PAUSES
	split -n "l/$2" --filter='cat; sleep 0.02' "$1"
}

# Does COMMAND again and again until PID has ended; $cuts counts.
harass() { # PID PAUSE COMMAND...
	local pid=$1 pause=$2
	shift 2
	cuts=0
	while ! gone "$pid" 2>/dev/null; do
		"$@" >/dev/null
		cuts=$((cuts + 1))
		sleep "$pause"
		((cuts < 1000)) || return
	done
}

# Our own connections: a server that is being asked for its log must not be cut from it.
use_own_redis() { # OPTION...
	own_redis "$PWD/redis" --appendonly yes "$@"
	SOCKET=$own_socket REDIS_URL=$own_url
}

# Ends the server as a power cut of the process would, and starts it again on the same data.
restart_redis() {
	end_process "$own_pid" KILL
	own_port=${own_tcp##*:} own_redis "$PWD/redis" --appendonly yes
}

check_log() { # INPUT: the log of $STAGE holds each line once, in order, and the end
	log_lines "$LOG" >log
	text_of <log | cmp - "$1"
	jq -n 'reduce inputs as $m (0; if $m.sp.seq == . then . + 1 else error("seq \($m.sp.seq), not \(.)") end)' log
	[ "$(tail -n 1 log | jq -r .type)" = "done" ]
}

@test "a publisher whose connection is killed again and again logs each line once" {
	numbers 20000 line >input
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none
	publisher=$bg_pid
	paced input 40 >in &
	harass "$publisher" 0.03 R CLIENT KILL TYPE normal SKIPME yes
	ends "$publisher"
	[ "$status" -eq 0 ]
	[ "$cuts" -gt 5 ]
	says pub.err 'retrying in'
	says pub.err 'connected again'
	check_log input
}

@test "a flat-out publisher whose connection is killed again and again logs each line once" {
	numbers 200000 line >input
	bg_in=input bg pub sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none
	publisher=$bg_pid
	harass "$publisher" 0.05 R CLIENT KILL TYPE normal SKIPME yes
	ends "$publisher"
	[ "$status" -eq 0 ]
	[ "$cuts" -gt 2 ]
	check_log input
	R DEL "$LOG"
}

@test "a reader whose connections are killed again and again prints the log" {
	numbers 20000 line >input
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none
	bg sub sp-sub -p "$P" -s s
	reader=$bg_pid
	paced input 40 >in &
	harass "$reader" 0.03 eval 'R CLIENT KILL TYPE pubsub; R CLIENT KILL TYPE normal SKIPME yes'
	ends "$reader"
	[ "$status" -eq 0 ]
	[ "$cuts" -gt 5 ]
	check_log input
	cmp sub.out log
}

@test "scripts that are flushed in the middle are loaded again" {
	numbers 3000 line >input
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s -f lines
	publisher=$bg_pid
	paced input 15 >in &
	harass "$publisher" 0.02 R SCRIPT FLUSH
	ends "$publisher"
	[ "$status" -eq 0 ]
	check_log input
}

@test "Redis is killed and started again while a publisher and a reader are at work" {
	use_own_redis
	numbers 30000 line >input
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none
	publisher=$bg_pid
	bg sub sp-sub -p "$P" -s s
	reader=$bg_pid
	wait_until 5 subscribed "$STAGE"
	paced input 60 >in &
	for _ in 1 2 3 4; do
		wait_until 10 logged "$LOG" $((${seen:-0} + 500))
		seen=$(R XLEN "$LOG")
		restart_redis
	done
	ends "$publisher" 20
	[ "$status" -eq 0 ]
	ends "$reader" 20
	[ "$status" -eq 0 ]
	check_log input
	cmp sub.out log
}

@test "a publisher that starts before Redis does sends everything once Redis is there" {
	use_own_redis
	end_process "$own_pid" KILL
	rm "$own_socket"
	numbers 5000 line >input
	bg_in=input bg pub sp-pub -p "$P" -s s -f lines
	publisher=$bg_pid
	bg sub sp-sub -p "$P" -s s
	reader=$bg_pid
	wait_until 5 says pub.err 'retrying in'
	wait_until 5 says sub.err 'retrying in'
	restart_redis
	ends "$publisher"
	[ "$status" -eq 0 ]
	[ "$(grep -c retrying pub.err)" -eq 1 ]
	ends "$reader"
	[ "$status" -eq 0 ]
	check_log input
	cmp sub.out log
}

@test "one-shots that find Redis restarting wait for it" {
	use_own_redis
	end_process "$own_pid" KILL
	bg pub sp-pub -c "$C" x n:=1
	publisher=$bg_pid
	wait_until 5 says pub.err 'retrying in'
	restart_redis
	ends "$publisher"
	[ "$status" -eq 0 ]
	[ "$(log_lines "$C:log" | jq -c .n)" = 1 ]
}

@test "a log that is deleted in the middle loses its past, and what follows is in order" {
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s -f lines
	publisher=$bg_pid
	bg sub sp-sub -p "$P" -s s
	reader=$bg_pid
	wait_until 5 subscribed "$STAGE"
	exec 4>in
	numbers 10 before >&4
	wait_until 5 lines sub.out 10
	R DEL "$LOG" "{$LOG}:runs" "$(R --scan --pattern "{$LOG}:run:*")"
	numbers 10 after >&4
	exec 4>&-
	ends "$publisher"
	[ "$status" -eq 0 ]
	ends "$reader"
	[ "$(text_of <sub.out)" = "$(numbers 10 before; numbers 10 after)" ]
	[ "$(log_lines "$LOG" | text_of)" = "$(numbers 10 after)" ]
}

@test "a reader whose Redis lost the log is told of the gap" {
	own_redis "$PWD/redis"
	SOCKET=$own_socket REDIS_URL=$own_url
	numbers 5 old | sp-pub -p "$P" -s s -f lines --no-end
	bg sub sp-sub -p "$P" -s s
	reader=$bg_pid
	wait_until 5 lines sub.out 5
	end_process "$own_pid" KILL
	own_port=${own_tcp##*:} own_redis "$PWD/redis"
	wait_until 10 subscribed "$STAGE"
	wait_until 10 lines sub.out 6
	[ "$(sed -n 6p sub.out | jq -r .type)" = gap ]
	numbers 5 new | sp-pub -p "$P" -s s -f lines
	ends "$reader"
	[ "$status" -eq 0 ]
	tail -n +7 sub.out | cmp - <(log_lines "$LOG")
}

@test "a reader that Redis drops for being slow gets the rest from the log" {
	own_redis "$PWD/redis" --client-output-buffer-limit pubsub 256kb 256kb 1
	SOCKET=$own_socket REDIS_URL=$own_url
	bg sub sp-sub -p "$P" -s s
	reader=$bg_pid
	wait_until 5 subscribed "$STAGE"
	kill -STOP "$reader"
	numbers 40000 'a line that is long enough to fill a buffer' >input
	sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none <input
	wait_until 10 says redis/redis.log 'overcoming of output buffer limits'
	kill -CONT "$reader"
	ends "$reader"
	[ "$status" -eq 0 ]
	check_log input
	cmp sub.out log
}

@test "a reader that nobody reads from holds up neither the publisher nor its memory" {
	numbers 50000 'a line that is long enough to fill a pipe' >input
	mkfifo out
	exec 4<>out
	bg sub sh -c 'exec sp-sub -p "$1" -s s >out' - "$P"
	reader=$bg_pid
	wait_until 5 subscribed "$STAGE"
	sp-pub -p "$P" -s s -f lines --maxlen 0 --full-text=none <input
	[[ $SPOUT_BUILD == */asan ]] || [ "$(awk '/VmRSS/ {print $2}' "/proc/$reader/status")" -lt 30000 ]
	bg cat timeout 10 grep -m 1 '"type":"done"' out
	grep_pid=$bg_pid
	ends "$reader"
	[ "$status" -eq 0 ]
	exec 4>&-
	ends "$grep_pid"
	R DEL "$LOG"
}
