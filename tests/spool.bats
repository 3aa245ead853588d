#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# spool: what was read is not lost, whoever dies: the publisher, Redis, or the room on the disk.

load helpers

# Redis is away there; own_redis may bring it.
AWAY=unix:///nowhere/redis.sock

# Starts a publisher that reads lines from descriptor 4.
open_publisher() { # ARG...
	[[ -p in ]] || mkfifo in
	bg_in=in bg pub sp-pub -c "$C" -f lines "$@"
	exec 4>in
}

kill_publisher() {
	kill -KILL "$bg_pid"
	exec 4>&-
	wait_until 5 gone "$bg_pid"
}

spooled() { # FILE N: has exactly N messages
	[[ $(grep -ao '"type":"' "$1" | wc -l) -eq $2 ]]
}

size_is_at_most() { # FILE BYTES
	[[ $(stat -c %s "$1") -le $2 ]]
}

# Waits until nobody reads a process's standard input any more, though there is more; $at is how far it came.
wait_settled() { # PID FILE
	local looks=0 last=-1 tries=0
	while ((looks < 30)); do
		at=$(awk '/^pos:/ { print $2 }' "/proc/$1/fdinfo/0")
		((at == last && at > 0)) && looks=$((looks + 1)) || looks=0
		last=$at tries=$((tries + 1))
		((tries < 1000)) || return 1
		sleep 0.01
	done
	[[ $at -lt $(stat -c %s "$2") ]]
}

tokens() { # LOG
	log_lines "$1" | text_of
}

@test "kill -9 while Redis is away: the next start sends all that was read, as the same run" {
	open_publisher -u "$AWAY" -q --spool spool
	numbers 1000 line >&4
	wait_until 5 spooled spool 1000
	kill_publisher
	timeout 10 sp-pub -c "$C" -f lines --spool spool < <(echo "and more")
	tokens "$C:log" | cmp - <(numbers 1000 line; echo "and more")
	log_lines "$C:log" | jq -se '(map(.sp.run) | unique | length) == 1 and map(.sp.seq) == [range(1002)]'
}

@test "the publisher is killed again and again, with Redis here and away: nothing is lost, nothing is twice" {
	local n url
	for n in 1 2 3 4 5 6; do
		((n % 2)) && url=$AWAY || url=$REDIS_URL
		open_publisher -u "$url" -q --spool spool --no-end
		numbers 100 "turn $n, line" >&4
		numbers 100 "turn $n, line" >>all
		if ((n % 2)); then
			# An even turn's publisher was killed with a file that is still to be sent.
			wait_until 5 says spool "turn $n, line 100"
		else
			wait_until 5 logged "$C:log" $((n * 100))
		fi
		kill_publisher
	done
	timeout 10 sp-pub -c "$C" --spool spool --no-end </dev/null
	tokens "$C:log" | cmp - all
	log_lines "$C:log" | jq -se '(map(.sp.run) | unique | length) == 1 and map(.sp.seq) == [range(600)]'
}

@test "what Redis has already is not logged again by the next start" {
	open_publisher --spool spool
	numbers 50 line >&4
	wait_until 5 logged "$C:log" 50
	kill_publisher
	spooled spool 50
	timeout 10 sp-pub -c "$C" --spool spool --no-end </dev/null
	tokens "$C:log" | cmp - <(numbers 50 line)
}

@test "a spool whose messages are not ours is refused, and stays as it is" {
	open_publisher -u "$AWAY" -q --spool spool
	echo a >&4
	wait_until 5 spooled spool 1
	kill_publisher
	# A record that is whole, of a message without its sp.
	python3 - <<-'END'
		import struct
		def crc(s):
		    c = 0xffffffff
		    for b in s:
		        c ^= b
		        for _ in range(8):
		            c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
		    return c ^ 0xffffffff
		old = open("spool", "rb").read()
		at = old.index(b'M{') - 8
		m = b'M{"type":"token","content":"not to be lost"}'
		open("spool", "wb").write(old[:at] + struct.pack("<II", len(m) - 1, crc(m)) + m)
	END
	cp spool before
	run --separate-stderr -65 timeout 10 sp-pub -c "$C" -f lines --spool spool <<<"b"
	[[ $stderr == *damaged* ]]
	cmp spool before
}

@test "a torn or damaged last record is dropped, and what stands in front of it is sent" {
	local damage
	open_publisher -u "$AWAY" -q --spool spool
	numbers 10 line >&4
	wait_until 5 spooled spool 10
	kill_publisher
	cp spool whole
	for damage in 'truncate -s -1 spool' 'truncate -s -100 spool' 'printf x | dd of=spool bs=1 seek=$(($(stat -c %s spool) - 9)) conv=notrunc'; do
		cp whole spool
		eval "$damage" 2>/dev/null
		R DEL "$C:log" "{$C:log}:runs" >/dev/null
		R --scan --pattern "{$C:log}:run:*" | xargs -r -n 1 redis-cli -s "$SOCKET" DEL >/dev/null
		timeout 10 sp-pub -c "$C" --spool spool -f lines < <(echo behind)
		tokens "$C:log" | cmp - <(numbers 9 line; echo behind)
	done
	{ cat whole; printf 'garbage behind'; } >spool
	R DEL "$C:log" "{$C:log}:runs" >/dev/null
	R --scan --pattern "{$C:log}:run:*" | xargs -r -n 1 redis-cli -s "$SOCKET" DEL >/dev/null
	timeout 10 sp-pub -c "$C" --spool spool --no-end </dev/null
	tokens "$C:log" | cmp - <(numbers 10 line)
}

@test "a spool cut anywhere gives a beginning of what was in it" {
	local n size got
	run -69 timeout 10 sp-pub -c "$C" -u "$AWAY" --give-up 50ms -q --spool whole token content=a
	run -69 timeout 10 sp-pub -c "$C" -u "$AWAY" --give-up 50ms -q --spool whole token content=b
	size=$(stat -c %s whole)
	for n in 0 1 13 14 15 22 23 40 80 $((size / 2)) $((size - 1)) "$size"; do
		head -c "$n" whole >spool
		timeout 10 sp-pub -c "$C.$n" --spool spool --no-end </dev/null >err 2>&1 || {
			# Another channel's is told only when the file still has its first record.
			[[ $? -eq 65 ]] && says err "channel $C,"
			continue
		}
		[ "$(R EXISTS "$C.$n:log")" -eq 0 ]
	done
	for n in 0 14 15 80 $((size / 2)) $((size - 1)) "$size"; do
		head -c "$n" whole >spool
		R DEL "$C:log" "{$C:log}:runs" >/dev/null
		R --scan --pattern "{$C:log}:run:*" | xargs -r -n 1 redis-cli -s "$SOCKET" DEL >/dev/null
		timeout 10 sp-pub -c "$C" --spool spool --no-end </dev/null
		got=$(tokens "$C:log")
		[[ $got == '' || $got == a || $got == ab ]]
	done
	[ "$got" = ab ]
}

@test "a spool that is another channel's, or no spool, is refused with 65 and left alone" {
	run -69 timeout 10 sp-pub -c "$C" -u "$AWAY" --give-up 50ms -q --spool spool token content=a
	cp spool before
	run -65 timeout 10 sp-pub -c "$C.2" --spool spool token content=b
	[[ $output == *"$C,"*"$C.2"* ]]
	cmp spool before
	echo 'Dear diary' >diary
	run -65 timeout 10 sp-pub -c "$C" --spool diary token content=b
	[[ $output == *diary* ]]
	[ "$(<diary)" = 'Dear diary' ]
	[ "$(R EXISTS "$C:log")" -eq 0 ]
}

@test "a spool that cannot be created is 73" {
	run -73 timeout 10 sp-pub -c "$C" --spool /nowhere/spool token content=b
	run -73 timeout 10 sp-pub -c "$C" --spool . token content=b
	run -73 timeout 10 sp-pub -c "$C" --spool /dev/null token content=b
}

@test "a second publisher on the same spool is refused with 75, and harms nothing" {
	open_publisher --spool spool
	echo one >&4
	wait_until 5 logged "$C:log" 1
	run -75 timeout 10 sp-pub -c "$C" --spool spool token content=b
	[[ $output == *spool* ]]
	echo two >&4
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ "$(tokens "$C:log")" = $'one\ntwo' ]
}

@test "the file of a publisher that ended well is small, has no message, and is used again by a new run" {
	numbers 20000 line | timeout 20 sp-pub -c "$C" -f lines --maxlen 0 --full-text=none --spool spool
	size_is_at_most spool 200
	spooled spool 0
	numbers 5 line | timeout 10 sp-pub -c "$C" -f lines --maxlen 0 --full-text=none --spool spool
	size_is_at_most spool 200
	log_lines "$C:log" | jq -se '(map(.sp.run) | unique | length) == 2 and length == 20007'
	[ "$(stat -c %a spool)" = 600 ]
}

@test "the file of an endless stream is cut back while it runs" {
	open_publisher --spool spool --full-text=none --maxlen 100
	numbers 30000 'a line that is long enough to fill a mebibyte in the end, number' >&4
	echo last >&4
	wait_until 10 eval '[[ $(R XREVRANGE "$C:log" + - COUNT 1) == *last* ]]'
	wait_until 5 size_is_at_most spool 1500000
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
}

@test "Redis comes back: a publisher with a spool goes on by itself, each line once" {
	numbers 500 line >in
	bg_in=in bg pub sp-pub -u "unix://$PWD/own/redis.sock" -q -c "$C" -f lines --spool spool
	wait_until 5 spooled spool 501
	own_redis "$PWD/own"
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	SOCKET=$own_socket tokens "$C:log" | cmp - in
	size_is_at_most spool 200
}

@test "a spool that was cut back while the run went on is sent from there" {
	own_redis "$PWD/own" --appendonly yes
	open_publisher -u "$own_url" -q --spool spool --full-text=none --maxlen 0
	numbers 30000 'a line that is long enough to fill a mebibyte, number' >&4
	SOCKET=$own_socket wait_until 10 logged "$C:log" 30000
	wait_until 5 size_is_at_most spool 1500000
	kill -KILL "$own_pid"
	wait_until 5 gone "$own_pid"
	numbers 100 behind >&4
	wait_until 5 says spool 'behind 100'
	kill_publisher
	own_redis "$PWD/own" --appendonly yes
	timeout 10 sp-pub -u "$own_url" -q -c "$C" --spool spool --no-end --maxlen 0 </dev/null
	SOCKET=$own_socket tokens "$C:log" |
		cmp - <(numbers 30000 'a line that is long enough to fill a mebibyte, number'; numbers 100 behind)
}

backpressure() { # ARG...
	numbers 200000 'a line of some length that waits for Redis, number' >in
	bg_in=in bg pub sp-pub -u "unix://$PWD/own/redis.sock" -q -c "$C" -f lines --maxlen 0 --full-text=none "$@"
	wait_settled "$bg_pid" in
	own_redis "$PWD/own"
	ends "$bg_pid" 30
	[ "$status" -eq 0 ]
	SOCKET=$own_socket tokens "$C:log" | cmp - in
}

@test "--buffer: when it is full no more input is read, and nothing is dropped" {
	backpressure --buffer 1m
	[ "$at" -lt 2000000 ]
}

@test "--buffer bounds the spool as well" {
	backpressure --buffer 2m --spool spool
	[ "$at" -lt 3000000 ]
}

@test "a buffer that is smaller than what the spool is cut back at does not stop the input for good" {
	open_publisher --spool spool --buffer 64k --full-text=none
	numbers 1000 'a line that is long enough, number' >&4
	wait_until 5 logged "$C:log" 1000
	echo last >&4
	wait_until 5 logged "$C:log" 1001
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
}

@test "a message larger than any that is common survives in the spool, and so does what follows it" {
	{ printf '{"x":"'; head -c 68000000 /dev/zero | tr '\0' x; printf '"}\n{"y":1}\n'; } >in
	bg_in=in bg pub sp-pub -c "$C" -u "$AWAY" -q -f json --max-line 100m --buffer 200m --spool spool
	wait_until 30 eval '[[ $(tail -c 200 spool | grep -ao "\"type\":\"done\"") ]]'
	kill_publisher
	timeout 30 sp-pub -c "$C" --spool spool --no-end </dev/null
	[ "$(R XLEN "$C:log")" -eq 3 ]
	R UNLINK "$C:log"
}

# Runs a command in the background with a disk of 1 MiB at disk/, half of it taken by disk/filler; pub.pid
# is its pid.
on_small_disk() { # COMMAND...
	mkdir -p disk
	# shellcheck disable=SC2016 # for the inner shell
	bg pub unshare --mount --map-root-user sh -c 'mount -t tmpfs -o size=1m tmpfs disk &&
		head -c 524288 /dev/zero >disk/filler && echo $$ >pub.pid && exec "$@"' - "$@"
}

@test "a full disk: no more input is read until there is room, and all of it arrives" {
	local pid
	if ! unshare --mount --map-root-user sh -c 'mkdir -p disk && mount -t tmpfs -o size=256k tmpfs disk' 2>/dev/null; then
		echo '# NO FULL DISK: mount(2) is not allowed here; the next test limits the size of files instead' >&3
		skip 'NO FULL DISK: mount(2) is not allowed here'
	fi
	numbers 5000 "$(printf %0600d 0)" >in
	bg_in=in on_small_disk sp-pub -u "unix://$PWD/own/redis.sock" -q -c "$C" -f lines --full-text=none --maxlen 0 \
		--spool disk/spool
	wait_until 5 says pub.err 'No space left'
	pid=$(<pub.pid)
	wait_settled "$pid" in
	before=$at
	rm "/proc/$pid/root/$PWD/disk/filler"
	wait_until 5 eval '[[ $(awk "/^pos:/ { print \$2 }" "/proc/$pid/fdinfo/0") -gt $before ]]'
	own_redis "$PWD/own"
	ends "$bg_pid" 20
	[ "$status" -eq 0 ]
	SOCKET=$own_socket tokens "$C:log" | cmp - in
}

@test "a file that may not grow: no more input is read, and all arrives once Redis is back" {
	numbers 20000 line >in
	trap '' XFSZ
	# shellcheck disable=SC2016 # for the inner shell
	bg_in=in bg pub bash -c 'ulimit -S -f 32; exec "$@"' - \
		sp-pub -u "unix://$PWD/own/redis.sock" -c "$C" -f lines --full-text=none --maxlen 0 --spool spool
	trap - XFSZ
	wait_until 5 says pub.err 'no more input is read'
	wait_settled "$bg_pid" in
	own_redis "$PWD/own"
	ends "$bg_pid" 20
	[ "$status" -eq 0 ]
	SOCKET=$own_socket tokens "$C:log" | cmp - in
	[ "$(grep -c 'no more input is read' pub.err)" -ge 1 ]
}

@test "what did not fit into the spool is not told to be in it" {
	numbers 20000 line >in
	trap '' XFSZ
	# shellcheck disable=SC2016 # for the inner shell
	run -69 bash -c 'ulimit -S -f 32; exec timeout 10 sp-pub -u "$1" --give-up 100ms -c "$2" -f lines --spool spool <in' \
		- "$AWAY" "$C"
	trap - XFSZ
	if [[ $output == *'the spool has them'* ]]; then
		told=$(sed -n 's/.*: \([0-9]*\) messages were not acknowledged.*/\1/p' <<<"$output")
		[ "$(grep -ao '"type":"' spool | wc -l)" -ge "$told" ]
	fi
}

# A publisher with a small buffer, killed when its spool holds only the end of what it said: lines 1 to 105.
kill_in_the_midst() { # ARG...
	open_publisher --spool spool --buffer 4k "$@"
	numbers 100 line >&4
	wait_until 5 logged "$C:log" 100
	wait_until 5 size_is_at_most spool 100
	seq -f 'line %.0f' 101 105 >&4
	wait_until 5 logged "$C:log" 105
	kill_publisher
	spooled spool 5
}

full_text() { # LOG: of its last message
	log_lines "$1" | tail -n 1 | jq -j .full_text
}

@test "the full text of a run that was killed is whole: what the log has, what the spool has, what is new" {
	kill_in_the_midst
	echo other | sp-pub -c "$C" # not the latest run any more
	timeout 10 sp-pub -c "$C" --spool spool -f lines < <(echo new)
	full_text "$C:log" | cmp - <(numbers 105 line; echo new)
	log_lines "$C:log" | tail -n 1 | jq -e 'has("full_text_truncated") | not'
	log_lines "$C:log" | tail -n 1 | jq -e --argjson n "$({ numbers 105 line; echo new; } | wc -c)" '.metadata.bytes == $n'
}

@test "the full text of a run that was killed before anything was acknowledged is whole" {
	open_publisher -u "$AWAY" -q --spool spool
	numbers 10 line >&4
	wait_until 5 spooled spool 10
	kill_publisher
	timeout 10 sp-pub -c "$C" --spool spool </dev/null
	full_text "$C:log" | cmp - <(numbers 10 line)
}

@test "a run's end waits for Redis when it must read back what the run said" {
	own_redis "$PWD/redis" --appendonly yes --appendfsync always
	SOCKET=$own_socket REDIS_URL=$own_url
	kill_in_the_midst
	end_process "$own_pid" KILL
	echo new >input
	bg_in=input bg pub sp-pub -c "$C" -q --spool spool --exclusive
	sleep 0.3
	run ! grep -qa '"done"' spool
	own_port=${own_tcp##*:} own_redis "$PWD/redis" --appendonly yes
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	full_text "$C:log" | cmp - <(numbers 105 line; echo new)
}

@test "where the log does not have what a killed run said, its full text says so" {
	kill_in_the_midst
	R XTRIM "$C:log" MAXLEN = 50
	timeout 10 sp-pub -c "$C" --spool spool -f lines < <(echo new)
	full_text "$C:log" | cmp - <(seq -f 'line %.0f' 101 105; echo new)
	log_lines "$C:log" | tail -n 1 | jq -e .full_text_truncated
}

@test "with --full-text=each what is not read back yet is said to be cut" {
	kill_in_the_midst
	timeout 10 sp-pub -c "$C" --spool spool -f lines --full-text=each < <(echo new)
	log_lines "$C:log" | tail -n 2 | head -n 1 | jq -e '.full_text_truncated or (.full_text | startswith("line 1\n"))'
	full_text "$C:log" | cmp - <(numbers 105 line; echo new)
}
