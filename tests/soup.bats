#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Everything that may happen to a server at once: tests/soup in its short form. `make soak` runs it for longer.
bats_require_minimum_version 1.7.0
load helpers

@test "clients of every manner and a Redis that comes and goes: the server is whole, idle and serves behind it" {
	run -0 python3 "$BATS_TEST_DIRNAME/soup" "$SPOUT_BUILD" 10
	echo "$output"
	jq -e '.connections > 20 and .POST > 0' <<<"$output"
}
