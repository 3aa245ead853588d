#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The guarantees in one: tests/soak in its short form. `make soak` runs the whole.
bats_require_minimum_version 1.5.0

setup() {
	load helpers
}

@test "twenty thousand messages through dead servers, readers and cut connections: once, and in order" {
	SOAK_SECONDS=50 run -0 "$BATS_TEST_DIRNAME/soak" "$SPOUT_BUILD" 20000 2 20 2 0
	echo "$output"
	[ "$(grep -c 'lost 0, duplicated 0, reordered 0, foreign 0' <<<"$output")" -eq 2 ]
}

@test "the same with a publisher that is killed too, and a spool" {
	SOAK_SECONDS=50 run -0 "$BATS_TEST_DIRNAME/soak" "$SPOUT_BUILD" 20000 2 20 2 2
	echo "$output"
	[ "$(grep -c 'lost 0, duplicated 0, reordered 0, foreign 0' <<<"$output")" -eq 2 ]
}
