# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # Markdown; all, which reads this, has the rest
# tools: the tools beside redis-cli and plain Redis programs, and the load tool beside redis-benchmark.
tools_title='The tools, beside redis-cli and plain Redis programs'
tools_rows=(one-shot ephemeral log follow latency memory flat replay load)
tools_lines=1000000

tools_find_peers() {
	command -v redis-benchmark >/dev/null || left_out redis-benchmark
}

tools_notes() {
	echo 'Redis keeps no file here. Messages are of 120 bytes, and of 200 for sp-bench.'
}

# $dir/lines: $tools_lines token messages of 120 bytes, the newline included.
tools_make_lines() {
	[ ! -e "$dir/lines" ] || return 0
	say 'making input'
	awk -v n="$tools_lines" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"type\":\"token\",\"content\":\"%-48s\",\"timestamp\":1732100000.%06d,\"n\":%d}\n",
			    "a word and a few more", i % 1000000, 1000000 + i
	}' >"$dir/lines"
	[ "$(head -n 1 "$dir/lines" | wc -c)" -eq 120 ] || { echo 'bench: lines are not 120 bytes' >&2; return 1; }
}

# --- A process for one message

measure_tools_one_shot() {
	bounded 60 "$bench/spawn" 1 150 \
		-- "$build/sp-pub" -u "$url" -p 7 -s one token content=hello \
		-- "$build/sp-pub" -e -u "$url" -p 7 -s one token content=hello \
		-- "$(command -v redis-cli)" -s "$sock" PUBLISH sp:project:7:stage:one '{"type":"token","content":"hello"}' \
		-- "$bench/empty" >"$dir/out" || return
	note_each tools/one-shot sp-pub ephemeral redis-cli empty <"$dir/out"
}

show_tools_one_shot() {
	row "$1" 1 us 'one message, a process for it, p50: `sp-pub`' sp-pub 'redis-cli empty' redis-cli '<= 0.4'
	row "$1" 1 us 'the same: `sp-pub --ephemeral`' ephemeral 'redis-cli empty' redis-cli '<= 0.4'
	row "$1" 1 us 'the same, beside a program that does nothing' sp-pub empty empty
}

# --- A stream of them

measure_tools_ephemeral() {
	tools_make_lines || return
	[ -e "$dir/resp" ] || awk '{
		printf "*3\r\n$7\r\nPUBLISH\r\n$7\r\nbench:e\r\n$%d\r\n%s\r\n", length($0), $0
	}' "$dir/lines" >"$dir/resp"
	took "$build/sp-pub" -u "$url" --ephemeral --from json -c bench:e <"$dir/lines" || return
	note tools/ephemeral sp-pub "$(rate "$tools_lines" "$took")"
	took redis-cli -s "$sock" --pipe <"$dir/resp" >/dev/null || return
	note tools/ephemeral redis-cli "$(rate "$tools_lines" "$took")"
}

show_tools_ephemeral() {
	row "$1" 1 /s '`sp-pub -e -f json` beside `redis-cli --pipe`' sp-pub redis-cli redis-cli '>= 0.6'
}

measure_tools_log() {
	local n=$((tools_lines * 3 / 10)) per
	tools_make_lines || return
	[ -e "$dir/some" ] || head -n "$n" "$dir/lines" >"$dir/some"
	took "$build/sp-pub" -u "$url" --from json -c bench:n --full-text=none <"$dir/some" || return
	note tools/log no-full-text "$(rate "$n" "$took")"
	took "$build/sp-pub" -u "$url" --from json -c bench:p <"$dir/some" || return
	note tools/log sp-pub "$(rate "$n" "$took")"
	for per in 10 100; do
		bounded 60 "$bench/evalsha" "$sock" "$script" "bench:a$per" $per <"$dir/some" >"$dir/out" || return
		note tools/log "EVALSHA-of-$per" "$(rate "$n" "$(<"$dir/out")")"
	done
}

show_tools_log() {
	row "$1" 1 /s 'into the log: `sp-pub -f json`' sp-pub 'EVALSHA-of-10 EVALSHA-of-100' EVALSHA-of-10 '>= 0.85'
	row "$1" 1 /s 'the same with `--full-text=none`' no-full-text EVALSHA-of-100 EVALSHA-of-100 '>= 0.95'
}

# --- Readers

tools_follow() { # live|drain
	bounded 120 "$bench/follow" "$1" "$sock" bench:f 400000 1 "$dir/followed" \
		-- "$build/sp-sub" -u "$url" -c bench:f --follow \
		-- "$(command -v redis-cli)" -s "$sock" SUBSCRIBE bench:f >"$dir/out" || return
	rm "$dir/followed"
	awk '{ print $1, $2 / 1000, $3, $4 / 1000 }' "$dir/out" >"$dir/us"
	read -r sub sub_cpu cli_rate cli_cpu <"$dir/us"
	note "tools/follow-$1" sp-sub "$sub" "$sub_cpu"
	note "tools/follow-$1" redis-cli "$cli_rate" "$cli_cpu"
}

measure_tools_follow() {
	local sub sub_cpu cli_rate cli_cpu
	tools_follow live && tools_follow drain
}

show_tools_follow() {
	row "$1-live" 1 /s 'a channel into a file: `sp-sub` beside `redis-cli SUBSCRIBE`' sp-sub redis-cli redis-cli '>= 1.8'
	row "$1-live" 2 us 'the same: CPU of the reader for a message' sp-sub redis-cli redis-cli
	row "$1-drain" 1 /s 'the same, from full buffers' sp-sub redis-cli redis-cli
}

# Of each way p50 and p99: see latency.c.
measure_tools_latency() {
	local on where v
	for on in unix tcp; do
		where=$sock
		[ "$on" = unix ] || where=$redis_port
		bounded 60 "$bench/latency" "$where" "$script" 1 300 "$build/sp-pub" "$build/sp-sub" >"$dir/out" || return
		read -ra v <"$dir/out"
		note "tools/latency-$on" bare "${v[0]}" "${v[1]}"
		note "tools/latency-$on" bare-at-once "${v[2]}" "${v[3]}"
		note "tools/latency-$on" EVALSHA "${v[4]}" "${v[5]}"
		note "tools/latency-$on" sp-pub "${v[6]}" "${v[7]}"
	done
}

show_tools_latency() {
	local on name
	for on in unix tcp; do
		name=${on/unix/a Unix socket}
		name=${name/tcp/TCP}
		row "$1-$on" 1 us "a line into \`sp-pub\` to a line from \`sp-sub\`, on $name: p50" sp-pub 'bare EVALSHA' bare '<= 2.5'
		row "$1-$on" 2 us 'the same: p99' sp-pub 'bare EVALSHA' bare
		row "$1-$on" 1 us 'the same, a script in place of `sp-pub`: p50' EVALSHA 'bare bare-at-once' bare
	done
}

measure_tools_replay() {
	local n=$((tools_lines / 2)) seconds entries
	tools_make_lines || return
	head -n "$n" "$dir/lines" >"$dir/half"
	bounded 60 "$build/sp-pub" -u "$url" --from json -c bench:r --maxlen 0 --no-end <"$dir/half" || return
	took "$build/sp-sub" -u "$url" -c bench:r --since 0 -n "$n" >/dev/null || return
	note tools/replay sp-sub "$(rate "$n" "$took")"
	bounded 60 "$bench/xrange" "$sock" bench:r:log >"$dir/out" || return
	read -r seconds entries <"$dir/out"
	[ "$entries" -eq "$n" ] || { echo "bench: the log has $entries entries" >&2; return 1; }
	note tools/replay XRANGE "$(rate "$n" "$seconds")"
}

show_tools_replay() {
	row "$1" 1 /s 'the whole log: `sp-sub --since 0` beside an `XRANGE COUNT 1000` loop' sp-sub XRANGE XRANGE '>= 0.7'
}

# --- Memory

# An sp-sse --inetd that has answered and waits.
measure_tools_memory() {
	local i
	mkfifo "$dir/request"
	begin inetd "$build/sp-sse" --inetd -u "$url" <>"$dir/request" >"$dir/out" 2>&1
	printf 'GET /api/v1/sse/projects/7/stages/memory/ HTTP/1.1\r\nHost: localhost\r\n\r\n' >"$dir/request"
	rm "$dir/request"
	wait_for 5 grep -q '"type":"connected"' "$dir/out" || { cat "$dir/out" >&2; end inetd; return 1; }
	# The log is read behind that; then it sleeps in the loop.
	for ((i = 0; i < 100; i++)); do
		sleep 0.02
		grep -q 'State:.S' "/proc/${alive[inetd]}/status" && [ "$i" -ge 10 ] && break
	done
	note tools/memory sp-sse "$(awk '/^Rss:/ { rss = $2 } /^Private_Dirty:/ { dirty = $2 }
		END { print rss * 1024, dirty * 1024 }' "/proc/${alive[inetd]}/smaps_rollup")"
	end inetd
}

show_tools_memory() {
	row "$1" 1 bytes 'memory of a waiting `sp-sse --inetd`: resident' sp-sse '' '' '<= 3e6'
	row "$1" 2 bytes 'the same: its own' sp-sse '' '' '<= 1e6'
}

# The pipe is opened by the program's side: begin would wait for the other end.
tools_begin_flat() {
	"$build/sp-pub" -u "$url" -f lines -c bench:flat --maxlen 1000 <"$dir/in" >/dev/null &
	alive[pub]=$!
	exec 7>"$dir/in"
}

# Writes N MB to descriptor 7, a KB a line: ended when the other end has read all but a pipe's fill.
tools_write_mb() {
	local i
	for ((i = 0; i < $1; i++)); do
		timeout 60 cat "$dir/mb" >&7 || return
	done
}

# An endless stream: what sp-pub holds after 150 MB, when full_text and the window have reached their bounds, and
# after 450 MB. The window doubles once more, by 8 MB, when Redis first stalls: hence a goal of 1.5, not 1.0.
tools_flat_pub() {
	local first later status=0
	mkfifo "$dir/in"
	tools_begin_flat
	tools_write_mb 150
	first=$(resident_of "${alive[pub]}") || status=$?
	tools_write_mb 300 || status=$?
	later=$(resident_of "${alive[pub]}") && note tools/flat sp-pub-later "$later" && note tools/flat sp-pub "$first" || status=$?
	exec 7>&-
	wait "${alive[pub]}" || status=$?
	unset 'alive[pub]'
	rm "$dir/in"
	return "$status"
}

# What sp-sub holds when the reader of its output has stopped: after 20 MB, and after 120 MB.
tools_flat_sub() {
	local first later status=0
	cli CONFIG SET client-output-buffer-limit 'pubsub 32mb 8mb 60' >/dev/null
	mkfifo "$dir/in" "$dir/stopped"
	begin reader sleep 60 <>"$dir/stopped"
	begin sub "$build/sp-sub" -u "$url" -c bench:flat >"$dir/stopped" 2>/dev/null
	wait_for 10 has_subscriber bench:flat
	tools_begin_flat
	tools_write_mb 20
	first=$(resident_of "${alive[sub]}") || status=$?
	tools_write_mb 100 || status=$?
	later=$(resident_of "${alive[sub]}") && note tools/flat sp-sub-later "$later" && note tools/flat sp-sub "$first" || status=$?
	exec 7>&-
	wait "${alive[pub]}" || status=$?
	unset 'alive[pub]'
	end sub reader
	rm "$dir/in" "$dir/stopped"
	cli CONFIG SET client-output-buffer-limit 'pubsub 0 0 0' >/dev/null
	return "$status"
}

has_subscriber() { # CHANNEL
	[ "$(cli PUBSUB NUMSUB "$1" | tail -n 1)" -gt 0 ]
}

# It takes long and does not vary.
measure_tools_flat() {
	early 2 || return 0
	[ -e "$dir/mb" ] || awk 'BEGIN {
		for (i = 0; i < 1024; i++) printf "%-1023s\n", "a long line of a model that does not stop"
	}' >"$dir/mb"
	tools_flat_pub && tools_flat_sub
}

show_tools_flat() {
	row "$1" 1 bytes 'memory of `sp-pub` after 450 MB, beside after 150' sp-pub-later sp-pub sp-pub '<= 1.5'
	row "$1" 1 bytes 'memory of `sp-sub` whose reader has stopped, after 120 MB, beside after 20' sp-sub-later sp-sub sp-sub '<= 1.1'
}

# --- Whether the load tool itself is the limit

# PUBLISHes a second of redis-benchmark: with each of a few pipelines in the first block, then with the best of them.
tools_benchmark() {
	local pipeline best=0 got
	for pipeline in ${tools_pipeline:-64 256 1000}; do
		bounded 60 redis-benchmark -s "$sock" -c 1 -P "$pipeline" -n 1000000 --csv PUBLISH bench:0 \
			"$(printf 'x%.0s' {1..200})" >"$dir/out" || return
		got=$(tail -n 1 "$dir/out" | awk -F '","' '{ print int($2) }')
		[ "$got" -le "$best" ] || { best=$got; tools_best_pipeline=$pipeline; }
	done
	tools_pipeline=$tools_best_pipeline
	note tools/load redis-benchmark "$best"
}

# tools_race SUBJECT READER ARG...: from the publisher's start until the reader has read a million and ends.
tools_race() {
	local subject=$1 start status=0
	shift
	begin reader timeout -k 5 60 "$@" >"$dir/out" 2>&1
	wait_for 10 has_subscriber bench:0
	start=${EPOCHREALTIME/[.,]/}
	begin pub timeout -k 5 60 "$build/sp-bench" pub -u "$url" --rate 0 --duration 50s -q >/dev/null 2>&1
	wait "${alive[reader]}" || status=$?
	note tools/load "$subject" "$(rate 1000000 "$(awk -v us=$((${EPOCHREALTIME/[.,]/} - start)) 'BEGIN { print us / 1e6 }')")"
	unset 'alive[reader]'
	end pub
	# sp-bench sub did not see the beginning or the end of what was sent, and may say so.
	[ "$status" -le 1 ]
}

measure_tools_load() {
	bounded 60 "$build/sp-bench" pub -u "$url" --rate 0 --duration 1s -q --json >"$dir/out" || return
	note tools/load sp-bench-pub "$(jq .result.rate "$dir/out")"
	! command -v redis-benchmark >/dev/null || tools_benchmark || return
	tools_race rawsub "$bench/rawsub" "$sock" bench:0 1000000 200 &&
		tools_race sp-bench-sub "$build/sp-bench" sub -u "$url" -n 1000000 --duration 60s -q
}

show_tools_load() {
	row "$1" 1 /s '`sp-bench pub`, flat out, beside the best PUBLISH of redis-benchmark' sp-bench-pub redis-benchmark redis-benchmark '>= 0.9'
	row "$1" 1 /s '`sp-bench sub` beside a reader that looks at nothing' sp-bench-sub rawsub rawsub '>= 0.9'
}
