# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# browser.bats: the viewer in headless Chromium, against the real server.

bats_require_minimum_version 1.7.0
load helpers
load browser

# One browser for all: to start one takes longer than most of the tests.
setup_file() {
	if ! can_run; then
		return 0
	fi
	mkfifo "$BATS_FILE_TMPDIR/hold"
	node "$ROOT/tests/browser/scenarios.mjs" launch <"$BATS_FILE_TMPDIR/hold" >"$BATS_FILE_TMPDIR/ws" \
		2>"$BATS_FILE_TMPDIR/launch.err" 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/pid"
	# Whoever has it open for writing keeps the browser: a process that teardown_file ends.
	sleep 600 >"$BATS_FILE_TMPDIR/hold" 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/holder"
	wait_until 30 grep -q '^ws:' "$BATS_FILE_TMPDIR/ws" || cat "$BATS_FILE_TMPDIR/launch.err" >&2
	BROWSER_WS=$(cat "$BATS_FILE_TMPDIR/ws")
	export BROWSER_WS
}

teardown_file() {
	[[ -e $BATS_FILE_TMPDIR/pid ]] || return 0
	end_process "$(cat "$BATS_FILE_TMPDIR/holder")" TERM
	wait_until 10 gone "$(cat "$BATS_FILE_TMPDIR/pid")" || end_process "$(cat "$BATS_FILE_TMPDIR/pid")" KILL
}

can_run() {
	command -v node && command -v chromium && cmp -s "$ROOT/tests/browser/package-lock.json" "$SPOUT_NPM/package-lock.json"
} >/dev/null

viewer() { # SCENARIO
	need_command chromium chromium
	need_npm playwright-core
	local out
	export P BATS_TEST_TMPDIR
	out=$(timeout 50 node "$ROOT/tests/browser/scenarios.mjs" "$1" 2>&1) || {
		echo "$out" >&2
		return 1
	}
	[[ $out != SKIP:* ]] || skip "NOT TESTED: ${out#SKIP: }"
	[[ -z $out ]] || echo "$out" >&3
}

@test "the viewer shows a run as it grows: text, reasoning, tool calls, progress, and what the end tells" {
	viewer stream
}

@test "the viewer shows an error" {
	viewer error
}

@test "the viewer shows the whole text, once, after a reload in mid-stream" {
	viewer reload
}

@test "the viewer tells of a server that is gone, and goes on where it stopped when it is back" {
	viewer restart
}

@test "seven tabs share one connection, and another goes on when the one that has it is closed" {
	viewer tabs
}

@test "a tab that comes late gets what another has, and another target its own connection" {
	viewer late
}

@test "a tab whose leader does not answer any more takes its place" {
	viewer stuck
}

@test "without Web Locks each tab has its own connection" {
	viewer own
}

@test "the viewer shows all stages of a project, a new run in the place of the last, and links to one stage" {
	viewer project
}

@test "the viewer shows a channel, and what other programs publish there" {
	viewer channel
}

@test "hostile content is text: no markup, no script, no member of Object.prototype" {
	viewer hostile
}

@test "what hostile publishers can make of the page is bounded" {
	viewer bounds
}

@test "the viewer shows a gap, and fills it from the end" {
	viewer gap
}

@test "each refusal of the server is told in words" {
	viewer refusals
}

@test "a wrong token is refused, a right one opens, and none is ever in an address" {
	viewer tokens
}

@test "who may publish can stop the run" {
	viewer stop
}

@test "the claims of a token are read as the server reads them, and a broken token has none" {
	viewer claims
}

@test "the viewer's parser of events tells the same however the stream is cut" {
	viewer parser
}

@test "the copy button copies the text as it came" {
	viewer copy
}

@test "the page follows the text until the reader scrolls away, and again when asked" {
	viewer follow
}

@test "twenty thousand tokens do not make the page stutter" {
	viewer smooth
}

@test "light, dark and narrow: nothing sticks out, and everything can be read" {
	viewer looks
}

@test "the viewer can be used by keyboard, speaks of states only, and goes back" {
	viewer keyboard
}
