#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A schedule with ten replicas: tests/xq-every in its short form. `make soak` runs the minute.
bats_require_minimum_version 1.7.0
load helpers

@test "ten replicas of every 1s, killed -9 and added meanwhile: each tick is one job: FIELD, cron duplicates" {
	run timeout 40 python3 "$BATS_TEST_DIRNAME/xq-every" "$SPOUT_BUILD" 8
	echo "$output" >&2
	[[ $status -eq 0 && $output == *'8 ticks, 8 jobs, each tick once'* ]]
}
