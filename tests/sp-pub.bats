#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-pub: options, output, statuses.

load helpers

@test "a typed message is logged with its fields, its run and seq 0" {
	run sp-pub -p "$P" -s s stage_update status=processing progress:=40
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	log_lines "$LOG" >log
	jq -e --arg p "$P" '.type == "stage_update" and .status == "processing" and .progress == 40
		and .project_id == $p and .stage == "s" and (.timestamp | type) == "number"
		and .sp.seq == 0 and (.sp.run | length) == 16' log
	lines log 1 && ! lines log 2
}
