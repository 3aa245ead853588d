#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bench: the comparison's tables say what was measured, and two runs are compared as they should be.

load helpers

table_row() { # UNIT OURS PEERS [AGAINST [GOAL]] < FIGURES
	awk -v row=p/r -v column="${column-1}" -v unit="$1" -v what=speed -v ours="$2" -v peers="$3" -v against="${4-}" \
		-v goal="${5-}" -v tsv=rows.tsv -f "$ROOT/tests/bench/row.awk" -
}

is_row() { # ROW UNIT OURS PEERS [AGAINST [GOAL]] < FIGURES
	local want=$1 got
	shift
	got=$(table_row "$@")
	[[ $got == "$want" ]] || { printf 'want %s\ngot  %s\n' "$want" "$got"; return 1; }
}

# What is measured of p/r in three blocks; another row's figures are not in the way.
three_blocks() {
	printf '%s\n' '1 p/r a 100 7' '1 p/r b 50 9' '2 p/r a 300 8' '2 p/r b 50 9' '3 p/r a 120 9' '3 p/r b 200 9' \
		'1 p/r slow 10 9' '1 p/other a 1 1' "$@"
}

@test "a row: medians, a ratio of figures of the same block with its spread, and what is met" {
	three_blocks | is_row '| speed | 120/s | b 50/s<br>slow 10/s | 2.00 of b (0.60–6.00) | ≥ 1.5 | met |' /s a 'b slow' b '>= 1.5'
	three_blocks | is_row '| speed | 120/s | b 50/s | 2.00 of b (0.60–6.00) | ≥ 2.5 | **missed** |' /s a b b '>= 2.5'
	[[ $(tail -n 1 rows.tsv) == $'p/r:1:a:b:>= 2.5\tspeed\t3\t2\t0.6\t6\t**missed**' ]]
	column=2
	three_blocks | is_row '| speed | 8 µs | b 9 µs | 0.89 of b (0.78–1.00) | ≤ 0.95 | met |' us a b b '<= 0.95'
}

@test "a row: the best of the peers, by what is good; a goal of our own figure" {
	three_blocks | is_row '| speed | 120/s | b 50/s<br>slow 10/s | 2.00 of b (0.60–6.00) | ≥ 1.5 | met |' /s a 'b slow' best '>= 1.5'
	three_blocks | is_row '| speed | 120 µs | b 50 µs<br>slow 10 µs | 10.00 of slow (10.00–10.00) | ≤ 9 | **missed** |' us a 'b slow' best '<= 9'
	three_blocks | is_row '| speed | 120/s | - | (100/s – 300/s) | ≥ 100/s | met |' /s a '' '' '>= 100'
	# As numbers: as text it would be 120 < 1e3, too, and 120 > 1000.
	three_blocks | is_row '| speed | 120/s | b 50/s | 2.00 of b (0.60–6.00) | ≥ 1 k/s | **missed** |' /s a b b '>= =1e3'
	three_blocks | is_row '| speed | 120 bytes | b 50 bytes | 2.00 of b (0.60–6.00) | ≤ 4000 bytes | met |' bytes a b b '<= =4000'
}

@test "a row: losses miss the goal, late load decides nothing, what is not there is said" {
	three_blocks '4 p/r a 110 !3_lost' | is_row '| speed | 115/s (3 lost in 1 of 4) | b 50/s | 2.00 of b (0.60–6.00) | ≥ 1.5 | **missed** |' /s a b b '>= 1.5'
	three_blocks '4 p/r a 110 !load_late' | is_row '| speed | 115/s (load late in 1 of 4) | b 50/s | 2.00 of b (0.60–6.00) | ≥ 1.5 | met |' /s a b b '>= 1.5'
	three_blocks '1 p/r c !failed' | is_row '| speed | 120/s | c - (failed) | - | ≥ 1.5 | no peer |' /s a c c '>= 1.5'
	three_blocks '1 p/r c !failed' | is_row '| speed | - (failed) | b 50/s | - | ≥ 1.5 | **no figure** |' /s c b b '>= 1.5'
	three_blocks | is_row '| speed | 120/s | - | - | ≥ 1.5 | no peer |' /s a none none '>= 1.5'
}

a_report() { # DIRECTORY MEDIAN...
	local dir=$1 median i=0
	shift
	mkdir -p "$dir"
	for median; do
		i=$((i + 1))
		printf 'p/r%d:1:a:b\tspeed\t5\t%s\t0.9\t1.1\tmet\n' $i "$median"
	done >"$dir/rows.tsv"
}

@test "compare: within, near, outside, and in one run only; the status says it" {
	a_report one 1 1 1 1
	a_report two 0.9 1.1 1.0 1.05
	run "$ROOT/tests/bench/compare" one two
	[[ $status -eq 0 && $output == *'4 rows: 4 within, 0 near, 0 outside, 0 in one run only'* ]]
	[[ $output == *'17 % of the medians of 5 blocks'* ]]
	a_report two 0.9 1.25 0.75 1.05
	run "$ROOT/tests/bench/compare" one two
	[[ $status -eq 0 && $output == *'4 rows: 2 within, 2 near, 0 outside'* ]]
	a_report two 0.9 1.35 1 1.05
	run "$ROOT/tests/bench/compare" one two
	[[ $status -eq 1 && $output == *'p/r2 | speed | 1 (0.9–1.1) met | 1.35 met | **OUTSIDE** |'* ]]
	a_report two 1 1 1
	run "$ROOT/tests/bench/compare" one two
	[[ $status -eq 1 && $output == *'1 in one run only'* ]]
	run "$ROOT/tests/bench/compare" one three
	[[ $status -eq 66 ]]
}

@test "readme: what stands between the marks is the report, and nothing else changes" {
	printf '%s\n' before '<!-- measured table: begin (x) -->' old '<!-- measured table: end -->' after >README.md
	printf '%s\n' '# Spout and its peers' '' 'a date, a machine.' '' '## Part' '| a |' '' '## Charts' '![x](x.svg)' >report.md
	"$ROOT/tests/bench/readme" report.md README.md
	printf '%s\n' before '<!-- measured table: begin (x) -->' 'a date, a machine.' '' '#### Part' '| a |' '' \
		'<!-- measured table: end -->' after | diff - README.md
	"$ROOT/tests/bench/readme" report.md README.md
	[[ $(wc -l <README.md) -eq 9 ]]
	printf '%s\n' '# 9 readers' '' '| b |' >million.md
	"$ROOT/tests/bench/readme" report.md README.md
	grep -qx '#### 9 readers' README.md
	grep -v 'table: end' README.md >bad.md
	run "$ROOT/tests/bench/readme" report.md bad.md
	[[ $status -eq 65 ]]
	run "$ROOT/tests/bench/readme" none.md README.md
	[[ $status -eq 66 ]]
}
