#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-bench: load, latency and proof. What it says of a server that pauses, loses, repeats, swaps and
# damages; what it says of itself when it was the bottleneck; JSON, percentile text, charts.

load helpers
load terminal

need() { # COMMAND
	command -v "$1" >/dev/null || skip "no $1 here"
}

# A report has what the manual page says, and nothing else at its top.
is_report() { # FILE
	jq -e '
		(keys - ["slots", "audit"]) == (["tool", "version", "mode", "started", "settings", "machine", "redis",
			"result", "latency_us", "percentiles", "series", "status"] | sort)
		and .tool == "sp-bench" and (.started | fromdate > 1e9)
		and (.settings | has("rate") and has("connections") and has("size") and has("durable") and has("duration_ms"))
		and (.machine | .cores >= 1 and (.cpu | type) == "string" and (.kernel | type) == "string")
		and (.redis | (.version | test("^[0-9.]+$")) and .round_trip_us > 0
			and (.fsync | IN("off", "no", "everysec", "always", "unknown")))
		and (.result | .messages > 0 and .seconds > 0 and .rate > 0 and .bytes_rate > 0 and .errors == 0)
		and (.slots | .intended == .taken + .unsent and .missed_percent >= 0 and .late >= 0)
		and (.latency_us.corrected | keys == (["count", "min", "mean", "stddev", "p50", "p90", "p99", "p99.9", "max"] | sort)
			and .min <= .p50 and .p50 <= .p90 and .p90 <= .p99 and .p99 <= .["p99.9"] and .["p99.9"] <= .max)
		and (.percentiles | length > 3 and .[0][0] == 0 and .[-1][0] == 100)
		and ([.series[].done] | add) == .result.messages
		and (.series[0] | keys == (["t", "done", "errors", "p50", "p99", "max"] | sort))
		and (.audit | keys == (["received", "lost", "duplicated", "reordered", "corrupted", "stale", "channels"] | sort))
		and (.status | IN(0, 1))' "$1" >/dev/null || { cat "$1"; return 1; }
}

is_clean() { # FILE
	jq -e '.audit | .received > 0 and .lost + .duplicated + .reordered + .corrupted + .stale == 0' "$1"
}

@test "pub measures each message of an open loop, plain and through the log" {
	for durable in '' --durable; do
		run --separate-stderr sp-bench pub $durable -c "$C" --rate 500 --connections 3 --channels 5 --duration 1.2s --size 300
		printf '%s' "$output" >report
		is_report report
		is_clean report
		jq -e '.result.messages == 600 and .slots.intended == 600 and .settings.connections == 3
			and .settings.size == 300 and (.latency_us | has("uncorrected"))' report
		[[ $stderr == *'corrected '*'uncorrected '* && $stderr == *'0 lost, 0 duplicated'* ]]
	done
	[ "$(R XLEN "$C:0:log")" -gt 0 ]
}

@test "pub goes as fast as it goes with --rate 0, and its size is what Redis gets" {
	R CONFIG RESETSTAT
	sp-bench pub -q -c "$C" --rate 0 --duration 500ms --size 100 >report
	is_report report
	jq -e '.result.messages > 1000 and .slots.missed_percent == 0' report
	bg sub redis-cli -s "$SOCKET" --raw SUBSCRIBE "$C:0"
	wait_until 5 subscribed "$C:0"
	sp-bench pub -q -c "$C" --rate 10 --duration 200ms --size 100 >report
	wait_until 5 lines sub.out 9
	[ "$(tail -n 1 sub.out | jq -r .type)" = token ]
	[ "$(tail -n 1 sub.out | wc -c)" -eq 101 ]
}

@test "sub publishes the load itself, and every reader gets every message once" {
	for durable in '' --durable; do
		run --separate-stderr sp-bench sub $durable -c "$C" --publish-rate 800 --connections 2 --channels 3 --duration 1s
		printf '%s' "$output" >report
		is_report report
		is_clean report
		jq -e '.result.messages == 1600 and .result.sent == 800' report
	done
}

@test "sub follows a publisher in another process, and ends after N messages" {
	bg sub sp-bench sub -q -c "$C" -n 200 --duration 20s
	wait_until 5 subscribed "$C:0"
	sp-bench pub -q -c "$C" --rate 500 --duration 1s >/dev/null
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	jq -e '.result.messages == 200 and .slots == null' sub.out
}

@test "sub without a message is a failure, and says so" {
	run --separate-stderr -1 sp-bench sub -q -c "$C" --duration 200ms
	[[ $stderr == *"no message came on $C:0"* ]]
}

# Of what was started with MARK=$C, nor of what that started.
nothing_is_left() {
	! grep -qsF "MARK=$C" /proc/[0-9]*/environ
}

@test "pipe measures lines through the real programs, and leaves none of them behind" {
	for durable in '' --durable; do
		MARK=$C sp-bench pipe -q $durable --rate 300 --connections 2 --duration 1s >report || [ $? -eq 1 ]
		is_report report
		is_clean report
		jq -e '.result.messages == 300' report
	done
	nothing_is_left
}

@test "xq measures each step of a job apart, and each job comes once" {
	local load
	for load in '--rate 300' '--rate 0 --connections 2'; do
		MARK=$C sp-bench xq -q $load --duration 1s >report || [ $? -eq 1 ]
		is_report report
		is_clean report
		jq -e '.result | .messages == .added and .added == .sent and .errors == 0 and .sent >= 300' report
		jq -e '.result.sent as $n | [.latency_us | .corrected, .enqueue, .finish, .acknowledge | .count] | all(. == $n)' report
	done
	nothing_is_left
}

@test "a server that sleeps 100 ms once a second: the corrected p99 shows it, the uncorrected does not" {
	own_redis "$PWD/own" --enable-debug-command yes
	# The redis-cli of each second ends by itself.
	bg sleeper sh -c "while redis-cli -s '$own_socket' DEBUG SLEEP 0.1; do sleep 0.9; done"
	sp-bench pub -u "$own_url" -q --rate 1000 --duration 5s >report || [ $? -eq 1 ]
	end_process "$bg_pid" KILL
	jq -c .latency_us report
	jq -e '.latency_us | .corrected.p99 > 60000 and .uncorrected.p99 < 30000 and .uncorrected.max > 90000' report
}

@test "a proxy that drops, repeats, swaps and damages one message each of a million: exactly those are found" {
	need python3
	bg meddler python3 "$ROOT/tests/meddler.py" "$PWD/m" "$SOCKET" drop=50000 repeat=60000 swap=70000 corrupt=80000
	wait_until 10 says meddler.out ready
	# Readers through the proxy; the publisher beside it, of which the reader does not hear its end.
	bg sub sp-bench sub -u "unix://$PWD/m" -c "$C" -n 999999 --duration 40s
	wait_until 10 subscribed "$C:0"
	sp-bench pub -q -c "$C" --rate 100000 --pipeline 5000 --duration 10s >pub.json || [ $? -eq 1 ]
	ends "$bg_pid" 45
	jq -c .audit sub.out
	[ "$status" -eq 1 ]
	# Slots that a busy machine did not serve were never sent.
	jq -e '.audit | .received > 90000 and .lost == 1 and .duplicated == 1 and .reordered == 1 and .corrupted == 1
		and .stale == 0' sub.out
	says sub.err 'audit: 1 lost, 1 duplicated, 1 reordered, 1 corrupted, 0 stale'
}

@test "a load that cannot keep its schedule says that it was the bottleneck" {
	own_redis "$PWD/own"
	run --separate-stderr -1 sp-bench pub -q -u "$own_tcp" --rate 2000000 --duration 300ms
	[[ $stderr == *'of the slots were missed: the load itself was the bottleneck'* ]]
	jq -e '.status == 1 and .slots.missed_percent > 1 and .slots.unsent > 0' <<<"$output"
}

@test "the fsync policy is told, and unknown where the server refuses to" {
	for policy in always everysec; do
		own_redis "$PWD/$policy" --appendonly yes --appendfsync "$policy"
		sp-bench pub -q -u "$own_url" --rate 100 --duration 100ms >report || [ $? -eq 1 ]
		jq -e --arg p "$policy" '.redis.fsync == $p' report
	done
	own_redis "$PWD/shy" --rename-command CONFIG '' --appendonly yes
	sp-bench pub -q -u "$own_url" --rate 100 --duration 100ms >report || [ $? -eq 1 ]
	jq -e '.redis.fsync == "unknown"' report
}

@test "--hgrm writes what HdrHistogram's plotter reads" {
	sp-bench pub -q -c "$C" --rate 500 --duration 1s --hgrm x.hgrm >report || [ $? -eq 1 ]
	[ "$(head -n 1 x.hgrm)" = '       Value     Percentile TotalCount 1/(1-Percentile)' ]
	grep -qE '^ +[0-9.]+ 0\.500000000000 +[0-9]+ +2\.00$' x.hgrm
	grep -qE '^ +[0-9.]+ 1\.000000000000 +500$' x.hgrm
	grep -qE '^#\[Mean +=' x.hgrm
	grep -qE '^#\[Max +=.*Total count +=  *500\]$' x.hgrm
	run -73 sp-bench pub -q -c "$C" --rate 100 --duration 100ms --hgrm "$PWD/none/x"
}

@test "plot draws one run and several, as SVG, PNG and text" {
	need gnuplot
	sp-bench pub -q -c "$C" --rate 300 --duration 2s >"it's \`touch oops\`.json" || [ $? -eq 1 ]
	sp-bench pub -q -c "$C" --rate 200 --duration 2s >two.json || [ $? -eq 1 ]
	sp-bench plot ./*.json >chart.svg
	grep -q '<svg' chart.svg
	grep -q 'prefers-color-scheme:dark' chart.svg
	grep -qF "it's \`touch oops\`" chart.svg
	[ ! -e oops ]
	# Units at the axes; the names of the runs above the first chart, out of the way of its lines.
	for words in 'latency (ms)' 'percentile' 'time (s)' 'messages per second'; do
		grep -qF "<text>$words</text>" chart.svg
	done
	awk '/translate/ { split($0, at, /[(),]/) } /<text>two</ { name = at[3] } /<text>Latency by/ { title = at[3] }
		END { exit !(name > 0 && name < title) }' chart.svg
	sp-bench plot --to png two.json | head -c 4 | cmp - <(printf '\x89PNG')
	sp-bench plot --to text two.json >chart.txt
	grep -q 'Latency by percentile; latency (ms)' chart.txt
	grep -q 'Rate over time; messages per second' chart.txt
	run ! grep -q $'\x1b' chart.txt
	cat two.json two.json | sp-bench plot --to text - | grep -q '#2'
}

@test "plot without gnuplot says what to install" {
	sp-bench pub -q -c "$C" --rate 300 --duration 2s >one.json || [ $? -eq 1 ]
	mkdir empty
	run -69 env PATH="$PWD/empty" "$SPOUT_BUILD/sp-bench" plot one.json
	[ "$output" = 'sp-bench: gnuplot is not installed: it draws the charts (on Debian: apt-get install gnuplot-nox)' ]
}

@test "plot refuses what is no report, and names it" {
	echo '{"mode":"pub"}' >x.json
	run -65 sp-bench plot x.json
	[[ $output == *'x.json, line 1: no percentiles in it'* ]]
	run -66 sp-bench plot missing.json
	run -64 sp-bench plot
}

@test "an option that means nothing to the mode is refused" {
	for words in 'pub --to png' 'pub -n 3' 'pub --publish-rate 3' 'sub --rate 3' 'pipe --channels 3' 'plot --rate 3' 'pub x' 'xx' '' \
		'sub --size 200' 'sub --publish-rate 3 -n 3' 'pub --size 20'; do
		# shellcheck disable=SC2086 # words
		run -64 sp-bench $words
		[[ $output == sp-bench:* ]]
	done
}

published() {
	R INFO commandstats | grep -q '^cmdstat_publish:'
}

@test "TERM ends a run early, with a report of what was done" {
	R CONFIG RESETSTAT
	bg pub sp-bench pub -q -c "$C" --rate 200 --duration 1h
	wait_until 5 published
	kill -TERM "$bg_pid"
	ends "$bg_pid"
	[ "$status" -eq 143 ]
	jq -e '.result.messages > 0 and .slots.unsent <= 2' pub.out
}

@test "on a terminal one line lives, in every mode, and is gone when the table comes" {
	local mode
	for mode in 'pub --rate 200' 'sub --publish-rate 200' 'pipe --rate 200' 'xq --rate 200'; do
		# shellcheck disable=SC2086 # words
		on_terminal 100 -- sp-bench $mode --duration 1.5s
		seen ".frames | length > 5 and all(.[1] | test(\"^${mode%% *}  1 connection  [0-9]+/s  p50 [0-9.]+ [mun]?s  p99 .*  0 errors  [012] s left\"))"
		seen ".screen[0] == \"sp-bench ${mode%% *}\" and (.screen | all(test(\"s left\") | not))"
	done
}

@test "the live line never wraps: what matters less is left out of it" {
	local columns
	for columns in 60 40 20 8; do
		on_terminal "$columns" -- sp-bench pub --rate 500 --duration 1s
		seen ".frames | length > 3 and all((.[1] | length) < .[0] and (.[1] | startswith(\"pub\")))"
		seen '.screen[0] | startswith("sp-benc")'
	done
	seen '.frames | all(.[1] | test("^pub") and (test("left") | not))'
}

@test "the live line follows a terminal that is resized, and leaves nothing behind" {
	on_terminal 100 --resize 40 -- sp-bench pub --rate 500 --duration 2s
	seen '.frames | (first | .[0] == 100 and (.[1] | length) > 60) and (last | .[0] == 40 and (.[1] | length) < 40)'
	seen '.screen[0] == "sp-bench pub" and .status < 2'
	on_terminal 40 --resize 100 -- sp-bench pub --rate 500 --duration 2s
	seen '.frames | last | .[0] == 100 and (.[1] | length) > 60'
	seen '.screen[0] == "sp-bench pub"'
}

@test "what is said meanwhile has a line of its own above the live one" {
	own_redis "$PWD/own"
	on_terminal 200 --run "redis-cli -s '$own_socket' CLIENT KILL TYPE normal SKIPME yes >/dev/null" \
		-- sp-bench pub -u "$own_url" --rate 500 --duration 2s
	seen '.screen[0] | test("^sp-bench: unix://.*/own/redis.sock: .* retrying in [0-9]+ ms$")'
	seen '.said[0] == .screen[0] and (.screen[1:] | index("sp-bench pub") != null and all(test("s left") | not))'
}

@test "Ctrl-C ends a run with the table of what was measured, nothing of it missing, and 130" {
	local mode
	for mode in 'pub --rate 500' 'pub --rate 0' 'sub --publish-rate 500' 'sub --publish-rate 500 --durable' \
		'pipe --rate 500' 'xq --rate 500'; do
		echo "$mode"
		# shellcheck disable=SC2086 # words
		on_terminal 100 --interrupt -- sp-bench $mode --duration 1h
		seen ".status == 130 and .screen[0] == \"sp-bench ${mode%% *}\""
		seen '.screen | any(test("^  messages +[1-9]")) and any(test("^  audit +0 lost, 0 duplicated, 0 reordered"))
			and any(test("^  slots .* 0 not sent"))'
	done
}

@test "no live line where nobody would see one" {
	TERM=dumb sp-bench pub --rate 100 --duration 300ms >/dev/null 2>err
	run ! grep -q $'\r' err
	on_terminal 80 -- sp-bench pub -q --rate 500 --duration 500ms
	seen '.frames == [] and .screen == []'
	on_terminal 80 -- sp-bench pub --log=json --rate 500 --duration 500ms
	seen '.frames == []'
	on_terminal 80 -- env TERM=dumb sp-bench pub --rate 500 --duration 500ms
	seen '.frames == [] and .screen[0] == "sp-bench pub"'
}

@test "no server is 69; a wrong password is 77" {
	run -69 sp-bench pub -u "unix://$PWD/none" --connect-timeout 200ms
	own_redis "$PWD/own" --requirepass secret
	run -77 sp-bench pub -u "$own_url"
}
