#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# local: the private Redis and sp-local. Everything lives below the test's own directory.
# shellcheck disable=SC2174 # what mkdir -p makes above need not be private

load helpers

# With no URL; runtime and data in two short directories, since a socket's path is short.
setup() {
	PATH=$SPOUT_BUILD:$PATH
	unset REDIS_URL
	cd "$BATS_TEST_TMPDIR" || return
	PIDS=()
	HOME_DIR=$(mktemp -d "${TMPDIR:-/tmp}/l.XXXX")
	use_places "$HOME_DIR/run" "$HOME_DIR/state"
	SOCKET=$HOME_DIR/run/spout/redis.sock
}

teardown() {
	local pid
	for pid in "${PIDS[@]}" $(server_pids); do
		end_process "$pid" KILL
	done
	rm -rf "$HOME_DIR"
}

use_places() { # RUNTIME STATE
	mkdir -p -m 700 "$1" "$2"
	export XDG_RUNTIME_DIR=$1 XDG_STATE_HOME=$2
}

# The private servers of this test: those that work in its data directory.
server_pids() {
	local proc
	for proc in /proc/[0-9]*; do
		if [[ $(readlink "$proc/exe") == *redis* && $(readlink "$proc/cwd") == "$HOME_DIR"/* ]]; then
			echo "${proc#/proc/}"
		fi
	done 2>/dev/null
}

servers() { # N: that many run
	[[ $(server_pids | wc -l) -eq $1 ]]
}

@test "sp-local starts a server once, says where it is, shows it, and stops it" {
	run -1 sp-local status
	run -1 sp-local stop
	run -0 sp-local start
	servers 1
	run -0 sp-local start
	servers 1
	run -0 sp-local status
	[[ $output == *"$SOCKET"* ]]
	run -0 sp-local url
	[ "$output" = "unix://$SOCKET" ]
	run -0 sp-local cli PING
	[ "$output" = PONG ]
	run -0 sp-local cli -x SET key <<<value
	run -0 sp-local stop
	wait_until 5 servers 0
	run -1 sp-local status
	run -1 sp-local stop
}

@test "misuse of sp-local is 64, its help 0" {
	run -64 sp-local
	run -64 sp-local dance
	run -64 sp-local start now
	run -64 sp-local --no-such
	run --separate-stderr -0 sp-local --help
	[[ $output == usage:* && -z $stderr ]]
}

@test "the first tool that needs a Redis starts it and says so, once; the next ones are quiet" {
	run --separate-stderr -0 sp-pub -c a x
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == sp-pub:*private*"$SOCKET"*sp-local* ]]
	run --separate-stderr -0 sp-pub -c a x
	[ -z "$stderr" ]
	run --separate-stderr -0 sp-sub -c a --since 0 -n 2
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 2 ]
	servers 1
}

@test "the private server has no TCP port, keeps its data, and is open to its user only" {
	sp-local start
	[ "$(R CONFIG GET port | tail -n 1)" = 0 ]
	[ "$(R CONFIG GET appendonly | tail -n 1)" = yes ]
	[ "$(R CONFIG GET maxmemory-policy | tail -n 1)" = noeviction ]
	[ "$(stat -c %a "$SOCKET")" = 700 ]
	[ "$(stat -c %a "$HOME_DIR/run/spout")" = 700 ]
	[ "$(stat -c %a "$HOME_DIR/state/spout")" = 700 ]
}

@test "what was published is there after the server was stopped, and after it was killed" {
	printf 'Once\nupon\n' | sp-pub -p 1 -s s -f lines
	sp-local stop
	[ "$(sp-sub -q -p 1 -s s --text)" = "$(printf 'Once\nupon\n')" ]
	pid=$(server_pids)
	kill -KILL "$pid"
	wait_until 5 gone "$pid"
	[ -S "$SOCKET" ] # a stale one
	[ "$(sp-sub -q -p 1 -s s --text)" = "$(printf 'Once\nupon\n')" ]
	servers 1
}

@test "many tools that start at the same instant start one server" {
	for round in 1 2 3; do
		pids=()
		for n in 1 2 3 4 5 6; do
			bg "pub.$n" sp-pub -c a x n:=$n
			pids+=("$bg_pid")
		done
		bg "sub" sp-sub -c b -n 1
		sub=$bg_pid
		for pid in "${pids[@]}"; do
			ends "$pid" 20
			[ "$status" -eq 0 ]
		done
		servers 1
		cat pub.*.err sub.err
		[ "$(cat pub.*.err sub.err | grep -c 'was started')" -eq 1 ]
		[ "$(R XLEN a:log)" -eq $((6 * round)) ]
		wait_until 5 subscribed b
		sp-pub -c b x
		ends "$sub"
		sp-local stop
	done
}

@test "a publisher and a reader outlive a restart of the private server" {
	bg sub sp-sub -p 1 -s s
	sub=$bg_pid
	wait_until 10 subscribed sp:project:1:stage:s
	mkfifo in
	bg_in=in bg pub sp-pub -p 1 -s s -f lines
	pub=$bg_pid
	exec 4>in
	echo one >&4
	wait_until 5 logged sp:project:1:log 1
	pid=$(server_pids)
	kill -KILL "$pid"
	wait_until 5 gone "$pid"
	echo two >&4
	exec 4>&-
	ends "$pub"
	[ "$status" -eq 0 ]
	ends "$sub"
	[ "$status" -eq 0 ]
	servers 1
	[ "$(text_of <sub.out)" = "$(printf 'one\ntwo\n')" ]
}

@test "a stale socket, stale locks and a stale note of the socket are no obstacle" {
	mkdir -p -m 700 run/spout state/spout
	use_places "$HOME_DIR/r2" "$HOME_DIR/s2"
	mkdir -m 700 "$HOME_DIR/r2/spout" "$HOME_DIR/s2/spout"
	SOCKET=$HOME_DIR/r2/spout/redis.sock
	# Whoever listened there has gone.
	bg old socat UNIX-LISTEN:"$SOCKET",fork -
	wait_until 5 test -S "$SOCKET"
	end_process "$bg_pid" KILL
	[ -S "$SOCKET" ]
	echo /nowhere/redis.sock >"$HOME_DIR/s2/spout/socket"
	echo 1 >"$HOME_DIR/s2/spout/server.lock"
	echo 1 >"$HOME_DIR/s2/spout/start.lock"
	run -0 sp-pub -c a x
	servers 1
	run -0 sp-local url
	[ "$output" = "unix://$SOCKET" ]
}

@test "a file where the socket belongs is no obstacle either" {
	mkdir -m 700 "$HOME_DIR/run/spout"
	: >"$SOCKET"
	run -0 sp-pub -c a x
	servers 1
}

@test "a directory that others may enter is refused with 77, and not used" {
	for dir in "$HOME_DIR/run/spout" "$HOME_DIR/state/spout"; do
		mkdir -p -m 755 "$dir"
		for tool in 'sp-pub -c a x' 'sp-sub -c a' 'sp-local start'; do
			# shellcheck disable=SC2086 # words
			run -77 timeout 5 $tool
			[[ $output == *"$dir"*chmod* ]]
		done
		chmod 700 "$dir"
	done
	servers 0
}

@test "a directory that is a link, or no directory, is refused with 77" {
	mkdir -m 700 "$HOME_DIR/elsewhere"
	ln -s "$HOME_DIR/elsewhere" "$HOME_DIR/run/spout"
	run -77 timeout 5 sp-pub -c a x
	[[ $output == *"$HOME_DIR/run/spout"* ]]
	rm "$HOME_DIR/run/spout"
	: >"$HOME_DIR/run/spout"
	run timeout 5 sp-pub -c a x
	[ "$status" -eq 77 ] || [ "$status" -eq 73 ]
	[[ $output == *"$HOME_DIR/run/spout"* ]]
	servers 0
}

@test "a directory of somebody else is refused with 77" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give a directory away"
	mkdir -m 700 "$HOME_DIR/run/spout"
	chown 12345 "$HOME_DIR/run/spout"
	run -77 timeout 5 sp-pub -c a x
	[[ $output == *"$HOME_DIR/run/spout"*12345* ]]
	servers 0
}

@test "a directory that cannot be made is 73" {
	: >"$HOME_DIR/file"
	XDG_STATE_HOME=$HOME_DIR/file run -73 timeout 5 sp-pub -c a x
	[[ $output == *"$HOME_DIR/file"* ]]
}

@test "without redis-server there is one clear line: what to install, or to set" {
	for tool in 'sp-pub -c a x' 'sp-sub -c a' 'sp-local start'; do
		# shellcheck disable=SC2086 # words
		SPOUT_REDIS_SERVER=./absent run --separate-stderr -69 timeout 5 $tool
		[ "$(grep -c redis-server <<<"$stderr")" -eq 1 ]
		[[ $stderr == *'install redis-server'* ]]
	done
	run --separate-stderr -69 timeout 5 env PATH=/nowhere "$SPOUT_BUILD/sp-pub" -c a x
	[[ $stderr == *'install redis-server'* ]]
}

@test "a redis-server that does not come up is 69, and the line names its log" {
	printf '#!/bin/sh\necho broken >&2\nexit 1\n' >broken
	printf '#!/bin/sh\nexit 0\n' >liar
	chmod +x broken liar
	for program in broken liar; do
		SPOUT_REDIS_SERVER=$PWD/$program run -69 timeout 10 sp-pub -c a x
		[[ $output == *redis.log* ]]
	done
}

@test "another runtime directory with the same data finds the server that runs" {
	sp-pub -q -c a x n:=1
	url=$(sp-local url)
	use_places "$HOME_DIR/run2" "$HOME_DIR/state"
	run --separate-stderr -0 sp-pub -c a x n:=2
	[[ $stderr != *started* ]]
	servers 1
	[ "$(R XLEN a:log)" -eq 2 ]
	run -0 sp-local url
	[ "$output" = "$url" ]
	run -0 sp-local stop
	wait_until 5 servers 0
}

@test "another state directory is another server" {
	sp-pub -q -c a x
	use_places "$HOME_DIR/run2" "$HOME_DIR/state2"
	sp-pub -q -c b x
	servers 2
	[ "$(redis-cli -s "$HOME_DIR/run2/spout/redis.sock" EXISTS a:log)" = 0 ]
}

@test "without XDG_RUNTIME_DIR the socket is in a private directory below /tmp" {
	[ ! -e "/tmp/spout-$(id -u)" ] || skip "/tmp/spout-$(id -u) exists: it may be somebody's real one"
	env -u XDG_RUNTIME_DIR sp-local start
	[ "$(stat -c '%a %u' "/tmp/spout-$(id -u)")" = "700 $(id -u)" ]
	env -u XDG_RUNTIME_DIR sp-local stop
	rmdir "/tmp/spout-$(id -u)"
}

@test "a configured Redis that is down is not replaced by a private one" {
	REDIS_URL=unix:///nowhere/s run -69 sp-pub --connect-timeout 200ms -c a x
	servers 0
}

@test "the server holds none of its starter's descriptors, nor its terminal or directory" {
	mkfifo held
	exec 5<>held
	bg pub bash -c 'exec 6>held; exec sp-pub -c a x'
	ends "$bg_pid"
	exec 5>&-
	pid=$(server_pids)
	run ! grep -q held <(readlink "/proc/$pid/fd/"*)
	[ "$(awk '{print $6}' "/proc/$pid/stat")" != "$(awk '{print $6}' /proc/$$/stat)" ] # another session
	[ "$(readlink "/proc/$pid/cwd")" = "$HOME_DIR/state/spout" ]
}

@test "who was connected does not start it again after sp-local stop, and goes on once it is started" {
	bg sub sp-sub -v -c after.stop
	wait_until 5 says_channel after.stop
	sp-local stop
	wait_until 5 says sub.err 'it was stopped'
	run -1 sp-local status
	sp-local start
	wait_until 10 says_channel after.stop
	sp-pub -c after.stop token content=back
	wait_until 5 says sub.out back
}

says_channel() { # CHANNEL: somebody subscribes to it
	[ "$(sp-local cli PUBSUB NUMSUB "$1" | tail -n 1)" = 1 ]
}
