#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The queue's guarantees in one: tests/xq-ledger in its short form. `make soak` runs the whole.
bats_require_minimum_version 1.7.0
load helpers

@test "two thousand jobs through dying workers and a dying Redis: each done, its result recorded once: FIELD, stuck for ever" {
	SOAK_SECONDS=50 run -0 python3 "$BATS_TEST_DIRNAME/xq-ledger" "$SPOUT_BUILD" 2000 5 5
	echo "$output"
	[[ $output == *'each result recorded once'* && $output == *'unexplained 0'* ]]
}
