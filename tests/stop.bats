#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# stop: a running publisher is stopped from outside, or because nobody listens; and kept to be the only one.

load helpers

# A publisher of descriptor 4, heard by --stop once this returns.
open_publisher() { # ARG...
	[[ -p in ]] || mkfifo in
	bg_in=in bg pub sp-pub -c "$C" -f lines "$@"
	exec 4>in
	wait_until 5 subscribed "$C:ctl"
}

start_command() { # SCRIPT [ARG...]
	local script=$1
	shift
	bg pub sp-pub -c "$C" "$@" -- bash -c "$script"
	wait_until 5 subscribed "$C:ctl"
	wait_until 5 logged "$C:log" 1
}

last_message() {
	log_lines "$C:log" | tail -n 1
}

is_stopped() {
	last_message | jq -e '.type == "done" and .metadata.finish_reason == "stopped"'
}

@test "--stop: a COMMAND that ignores TERM gets it within 100 ms, and KILL 5 s later, with its children" {
	local before took
	start_command 'trap "echo \${EPOCHREALTIME/./} >term" TERM
		bash -c "trap \"\" TERM; echo \$\$ >child; echo ready; while :; do sleep 0.01; done" &
		while :; do wait; done'
	timeout 5 sp-pub -c "$C" --stop
	before=${EPOCHREALTIME/./}
	wait_until 3 test -s term
	took=$(($(<term) - before))
	echo "TERM came $took µs after --stop was done"
	[ "$took" -lt 100000 ]
	run ! gone "$bg_pid"
	ends "$bg_pid" 8
	[ "$status" -eq 0 ]
	took=$((${EPOCHREALTIME/./} - before))
	[ "$took" -gt 4500000 ]
	[ "$took" -lt 7000000 ]
	wait_until 2 gone "$(<child)"
	is_stopped
}

@test "--stop: what a COMMAND says after its TERM is published, and its status does not count" {
	start_command 'trap "echo last words; exit 3" TERM; echo ready; while :; do sleep 0.01; done'
	timeout 5 sp-pub -c "$C" --stop
	ends "$bg_pid" 3
	[ "$status" -eq 0 ]
	[ "$(log_lines "$C:log" | text_of)" = $'ready\nlast words' ]
	is_stopped
	last_message | jq -e '.full_text == "ready\nlast words\n"'
}

@test "--stop ends standard input, and what was read before is published" {
	open_publisher
	echo one >&4
	wait_until 5 logged "$C:log" 1
	timeout 5 sp-pub -c "$C" --stop
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	[ ! -s pub.err ]
	is_stopped
	last_message | jq -e '.full_text == "one\n"'
}

@test "--stop: tokens that waited for a batch are published before the end" {
	open_publisher -b 100 -l 1m
	printf 'one\ntwo\nthree\n' >&4
	wait_until 5 logged "$C:log" 1
	timeout 5 sp-pub -c "$C" --stop
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	last_message | jq -e '.full_text == "one\ntwo\nthree\n"'
	[ "$(log_lines "$C:log" | text_of)" = $'one\ntwo\nthree' ]
}

@test "--stop of a provider's stream is no error, and done has what is known" {
	mkfifo in
	bg_in=in bg pub sp-pub -c "$C" -f auto
	exec 4>in
	wait_until 5 subscribed "$C:ctl"
	printf 'data: {"object":"chat.completion.chunk","model":"m","choices":[{"delta":{"content":"a"}}]}\n\n' >&4
	wait_until 5 logged "$C:log" 1
	timeout 5 sp-pub -c "$C" --stop
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	is_stopped
	last_message | jq -e '.metadata.model == "m" and .full_text == "a"'
}

@test "--stop with --no-end: the publisher ends and publishes no end" {
	open_publisher --no-end
	echo one >&4
	wait_until 5 logged "$C:log" 1
	timeout 5 sp-pub -c "$C" --stop
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	[ "$(R XLEN "$C:log")" -eq 1 ]
}

@test "--stop when nobody publishes is 1 and says so; a reader is no publisher" {
	run -1 timeout 5 sp-pub -c "$C" --stop
	[[ $output == *"$C"* ]]
	bg sub sp-sub -c "$C"
	wait_until 5 subscribed "$C"
	run -1 timeout 5 sp-pub -c "$C" --stop
	[ "$(R EXISTS "$C:log")" -eq 0 ]
}

@test "--stop without Redis gives up as a single message does: 69" {
	run -69 timeout 5 sp-pub -u unix:///nowhere/sock --connect-timeout 100ms -c "$C" --stop
}

@test "--stop reaches the publisher of a stage, through another address of the same Redis" {
	mkfifo in
	bg_in=in bg pub sp-pub -p "$P" -s s
	exec 4>in
	wait_until 5 subscribed "$STAGE:ctl"
	run -1 timeout 5 sp-pub -u "$TCP_URL" -p "$P" -s other --stop
	timeout 5 sp-pub -u "$TCP_URL" -p "$P" -s s --stop
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	log_lines "$LOG" | jq -e '.type == "done" and .metadata.finish_reason == "stopped"'
}

@test "only a request to stop stops: other words on the channel for requests do nothing" {
	open_publisher
	R PUBLISH "$C:ctl" nonsense
	R PUBLISH "$C:ctl" '{"type":"halt"}'
	R PUBLISH "$C:ctl" '{"type":["stop"]}'
	R PUBLISH "$C:ctl" '{"stop":1'
	R PUBLISH "$C" '{"type":"stop"}'
	echo still here >&4
	wait_until 5 logged "$C:log" 1
	R PUBLISH "$C:ctl" '{ "by":"hand", "type":"st\u006fp" }'
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	is_stopped
}

@test "--stop is heard again after the connection was cut" {
	open_publisher
	echo one >&4
	wait_until 5 logged "$C:log" 1
	R CLIENT LIST TYPE pubsub | sed -n "s/^id=\([0-9]*\) .*/\1/p" >ids
	while read -r id; do
		R CLIENT KILL ID "$id" >/dev/null
	done <ids
	wait_until 5 timeout 5 sp-pub -q -c "$C" --stop
	ends "$bg_pid" 3
	exec 4>&-
	[ "$status" -eq 0 ]
	is_stopped
}

@test "a reader that leaves stops nothing" {
	open_publisher
	bg sub sp-sub -c "$C"
	sub=$bg_pid
	wait_until 5 subscribed "$C"
	echo one >&4
	wait_until 5 lines sub.out 1
	kill -KILL "$sub"
	wait_until 5 eval '[[ $(R PUBSUB NUMSUB "$C" | tail -n 1) -eq 0 ]]'
	echo two >&4
	wait_until 5 logged "$C:log" 2
	exec 4>&-
	ends "${PIDS[0]}"
	[ "$status" -eq 0 ]
	last_message | jq -e '.metadata.finish_reason == null'
}

@test "--idle-stop: it goes on while somebody is subscribed, and stops when nobody was for D" {
	local before
	bg sub sp-sub -c "$C" -F
	sub=$bg_pid
	wait_until 5 subscribed "$C"
	bg pub sp-pub -c "$C" -f lines --idle-stop 300ms -- bash -c 'while echo x; do sleep 0.02; done'
	pub=$bg_pid
	wait_until 5 lines sub.out 40
	run ! gone "$pub"
	kill -KILL "$sub"
	before=${EPOCHREALTIME/./}
	ends "$pub" 3
	[ "$status" -eq 0 ]
	[ $((${EPOCHREALTIME/./} - before)) -gt 250000 ]
	is_stopped
}

@test "--idle-stop: a pattern's subscriber counts" {
	bg sub sp-sub -P "$C*"
	wait_until 5 subscribed "$C*"
	bg pub sp-pub -c "$C" -f lines --idle-stop 100ms -- bash -c 'for i in {1..20}; do echo $i; sleep 0.02; done; :'
	ends "$bg_pid" 5
	[ "$status" -eq 0 ]
	last_message | jq -e '.metadata.finish_reason == null'
	[ "$(log_lines "$C:log" | text_of | tail -n 1)" = 20 ]
}

# --- Alone

@test "--exclusive: a second publisher is refused with 75, publishes nothing and runs nothing" {
	open_publisher --exclusive
	wait_until 5 eval '[[ $(R EXISTS "{$C:log}:lease:$C") -eq 1 ]]'
	run -75 timeout 5 sp-pub -c "$C" --exclusive <<<'from the second'
	[[ $output == *"$C"* ]]
	run -75 timeout 5 sp-pub -c "$C" --exclusive -- touch ran
	[ ! -e ran ]
	run -75 timeout 5 sp-pub -c "$C" --exclusive token content=x
	[ "$(R EXISTS "$C:log")" -eq 0 ]
	echo one >&4
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ "$(log_lines "$C:log" | text_of)" = one ]
}

@test "--exclusive: the lease is given back at the end, whatever the end was" {
	timeout 5 sp-pub -c "$C" --exclusive <<<one
	[ "$(R EXISTS "{$C:log}:lease:$C")" -eq 0 ]
	run -3 timeout 5 sp-pub -c "$C" --exclusive -- sh -c 'exit 3'
	[ "$(R EXISTS "{$C:log}:lease:$C")" -eq 0 ]
	run -65 timeout 5 sp-pub -c "$C" --exclusive -f json <<<'oops'
	[ "$(R EXISTS "{$C:log}:lease:$C")" -eq 0 ]
	open_publisher --exclusive
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	exec 4>&-
	[ "$status" -eq 143 ]
	[ "$(R EXISTS "{$C:log}:lease:$C")" -eq 0 ]
	timeout 5 sp-pub -c "$C" --exclusive token content=x
	[ "$(R EXISTS "{$C:log}:lease:$C")" -eq 0 ]
}

@test "--exclusive concerns those that use it, on that channel only" {
	open_publisher --exclusive
	wait_until 5 eval '[[ $(R EXISTS "{$C:log}:lease:$C") -eq 1 ]]'
	timeout 5 sp-pub -c "$C" token content=x
	timeout 5 sp-pub -c "$C.2" --exclusive token content=x
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
}

@test "--exclusive: the lease lasts at most 10 s and is renewed while nothing is said (slow)" {
	local key="{$C:log}:lease:$C"
	open_publisher --exclusive
	wait_until 5 eval '[[ $(R PTTL "$key") -gt 0 ]]'
	[ "$(R PTTL "$key")" -le 10000 ]
	wait_until 5 eval '[[ $(R PTTL "$key") -lt 7500 ]]'
	wait_until 5 eval '[[ $(R PTTL "$key") -gt 9000 ]]'
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
}

@test "--exclusive: after kill -9 the channel is free within 10 s, not at once (slow)" {
	open_publisher --exclusive
	wait_until 5 eval '[[ $(R EXISTS "{$C:log}:lease:$C") -eq 1 ]]'
	kill -KILL "$bg_pid"
	exec 4>&-
	run -75 timeout 5 sp-pub -c "$C" --exclusive token content=x
	wait_until 11 timeout 5 sp-pub -q -c "$C" --exclusive token content=x
	[ "$(R XLEN "$C:log")" -eq 1 ]
}

@test "--exclusive: who lost the lease appends nothing more, and ends with 75" {
	open_publisher --exclusive
	echo one >&4
	wait_until 5 logged "$C:log" 1
	R SET "{$C:log}:lease:$C" somebody-else
	echo two >&4
	ends "$bg_pid" 5
	exec 4>&-
	[ "$status" -eq 75 ]
	says pub.err somebody-else
	[ "$(R XLEN "$C:log")" -eq 1 ]
	[ "$(R GET "{$C:log}:lease:$C")" = somebody-else ]
}
