# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # Markdown; all, which reads this, has the rest
# xq: the job queue beside BullMQ, Celery, beanstalkd, raw Streams, xargs and GNU parallel.
#
# `deep` is sp-xq again, in a Redis of its own where 1,000,000 jobs wait and 100,000 are delayed, in the same queue;
# what a row takes there, another adds again.
xq_title='The job queue: `sp-xq`'
xq_rows=(add take batch pipe true start idle)
xq_jobs=100000
declare -A xq_missing

xq_find_peers() {
	local name
	{ command -v node >/dev/null && [ -d "$cache/node_modules/bullmq" ]; } || xq_missing[bullmq]=1
	/usr/bin/python3 -c 'import celery, redis' 2>/dev/null || xq_missing[celery]=1
	command -v beanstalkd >/dev/null || xq_missing[beanstalkd]=1
	command -v parallel >/dev/null || xq_missing[parallel]=1
	for name in "${!xq_missing[@]}"; do left_out "$name"; done
}

xq_notes() {
	cat <<-'END'
		Jobs of 100 bytes; nobody keeps a file. `deep` is `sp-xq` with 1,000,000 jobs waiting and 100,000 delayed in the same queue. `XADD` is pipelined, 400 at a time, into a bare stream. BullMQ adds 1,000 in a call, two calls on their way, and works with concurrency 1 (`bullmq-1`) and 100 (`bullmq-100`) on jobs that do nothing and leave nothing behind; Celery has two processes, keeps no results, and does nothing either; beanstalkd has 400 commands of one connection on their way. Memory is what is resident of a worker and of its children, pages that they share counted for each.
	END
}

xq_has() { # PEER
	[ -z "${xq_missing[$1]-}" ]
}

# N lines of jobs.
xq_lines() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "{\"n\":%d,\"text\":\"%-76s\"}\n", 1000000 + i, "a job" }'
}

# xq COMMAND ARG...: at $at.
xq() {
	local verb=$1
	shift
	bounded 60 "$build/sp-xq" "$verb" -u "$at" --quiet -q bench "$@"
}

xq_fill() { # N [OPTION...]
	local n=$1
	shift
	xq_lines "$n" >"$dir/fill"
	xq add "$@" <"$dir/fill" >/dev/null
}

xq_is_empty() {
	[ "$(xq stats --json | jq -c '[.waiting, .running]')" = '[0,0]' ] || { echo 'bench: jobs are left' >&2; return 1; }
}

# The place of SUBJECT: $at and $at_sock. The deep one is filled when it is first needed.
xq_at() { # sp-xq|deep
	at_sock=$sock
	if [ "$1" = deep ]; then
		at_sock=$dir/deep.sock
		[ -n "${alive[deep]-}" ] || xq_dig || return
	fi
	at=unix://$at_sock
}

xq_dig() {
	local at=unix://$dir/deep.sock redis_port
	say 'xq: 1,100,000 jobs'
	start_redis deep || return
	xq_fill 100000 --delay 6h || return
	for _ in 1 2 3 4; do xq_fill 250000 || return; done
}

# --- Peers' rates: once a block, for all rows

xq_rates() {
	[ "${xq_rates_of-}" != "$block" ] || return 0
	xq_rates_of=$block
	xq_bullmq='' xq_celery='' xq_beanstalkd=''
	if xq_has bullmq; then
		say 'xq: bullmq'
		NODE_PATH=$cache/node_modules bounded 60 node "$here/peers/bullmq.js" rates "$sock" 40000 >"$dir/out" &&
			xq_bullmq=$(<"$dir/out")
	fi
	if xq_has beanstalkd; then
		say 'xq: beanstalkd'
		port=$(free_port)
		begin beanstalkd beanstalkd -l 127.0.0.1 -p "$port" </dev/null >/dev/null 2>&1
		wait_for 5 port_answers && bounded 60 "$bench/peers/beanstalk" "$port" 40000 >"$dir/out" && xq_beanstalkd=$(<"$dir/out")
		end beanstalkd
	fi
	# It takes some seconds to start, and no goal is about it.
	if xq_has celery && early 2; then
		say 'xq: celery'
		cli FLUSHALL SYNC >/dev/null
		xq_begin_celery && xq_in_celery rates 2000 >"$dir/out" && xq_celery=$(tr '\n' ' ' <"$dir/out")
		end celery
	fi
	cli FLUSHALL SYNC >/dev/null
}

xq_begin_celery() {
	# shellcheck disable=SC2016 # for the shell below
	begin celery env -C "$here/peers" PYTHONDONTWRITEBYTECODE=1 CELERY_BENCH_REDIS="$sock" \
		/usr/bin/python3 -m celery -A celery_tasks worker -c 2 --without-gossip --without-mingle --without-heartbeat \
		-l warning </dev/null >"$dir/celery.out" 2>&1
	wait_for 20 xq_celery_listens || { cat "$dir/celery.out" >&2; return 1; }
}

xq_celery_listens() {
	cli CLIENT LIST | grep -q 'cmd=brpop'
}

xq_in_celery() {
	bounded 60 env PYTHONDONTWRITEBYTECODE=1 CELERY_BENCH_REDIS="$sock" /usr/bin/python3 "$here/peers/celery_tasks.py" "$@"
}

# Their rates of working, as subjects of ROW.
xq_note_work() { # ROW
	local _ one hundred
	xq_rates
	read -r _ one hundred <<<"$xq_bullmq"
	[ -z "$xq_bullmq" ] || { note "$1" bullmq-1 "$one"; note "$1" bullmq-100 "$hundred"; }
	[ -z "$xq_beanstalkd" ] || note "$1" beanstalkd "${xq_beanstalkd#* }"
	[ -z "$xq_celery" ] || note "$1" celery "$(cut -d ' ' -f 2 <<<"$xq_celery")"
}

# --- Adding

measure_xq_add() {
	local subject n=$((xq_jobs * 5 / 2))
	xq_lines "$n" >"$dir/jobs"
	for subject in sp-xq deep; do
		say "xq/add: $subject"
		xq_at "$subject" || return
		took "$build/sp-xq" add -u "$at" --quiet -q bench <"$dir/jobs" >"$dir/ids" || return
		[ "$(wc -l <"$dir/ids")" -eq "$n" ] || { echo 'bench: add printed too few ids' >&2; return 1; }
		note xq/add "$subject" "$(rate "$n" "$took")"
	done
	bounded 60 "$bench/xq" "$sock" raw "$n" 400 <"$dir/jobs" >"$dir/out" || return
	note xq/add XADD "$(awk '{ print $2 / $1 }' "$dir/out")"
	xq_rates
	[ -z "$xq_bullmq" ] || note xq/add bullmq "${xq_bullmq%% *}"
	[ -z "$xq_beanstalkd" ] || note xq/add beanstalkd "${xq_beanstalkd% *}"
	[ -z "$xq_celery" ] || note xq/add celery "${xq_celery%% *}"
}

show_xq_add() {
	row "$1" 1 /s '`add` from lines on standard input' sp-xq 'XADD beanstalkd celery' XADD '>= 0.8'
	row "$1" 1 /s 'the same, beside bulk adding' sp-xq bullmq bullmq '>= 10'
	row "$1" 1 /s 'the same, deep' deep sp-xq sp-xq '>= 0.8'
}

# --- Taking and finishing

measure_xq_take() {
	local subject
	for subject in sp-xq deep; do
		say "xq/take: $subject"
		xq_at "$subject" || return
		[ "$subject" = deep ] || xq_fill "$xq_jobs" || return
		bounded 60 "$bench/xq" "$at_sock" loop $((xq_jobs - 1000)) 100 >"$dir/out" || return
		note xq/take "$subject" "$(awk '{ print $2 / $1 }' "$dir/out")"
	done
	xq_at sp-xq
	cli FLUSHALL SYNC >/dev/null # the loop leaves some
	xq_fill 10000 || return
	say 'xq/take: commands'
	# shellcheck disable=SC2016 # for that shell
	took bash -c 'for ((i = 0; i < 100; i++)); do
		"$0" take "$@" -n 100 | "$0" ack "$@" || exit
	done' "$build/sp-xq" -u "$at" --quiet -q bench || return
	xq_is_empty || return
	note xq/take commands "$(rate 10000 "$took")"
	xq_note_work xq/take
}

show_xq_take() {
	xq_show_work "$1" 'take 100, finish 100, in a loop over one connection' '>= =120e3'
	row "$1" 1 /s 'the same, two processes for each hundred: `sp-xq take -n 100` into `sp-xq ack`' commands 'bullmq-100' bullmq-100
}

# xq_show_work ROW WHAT GOAL
xq_show_work() {
	row "$1" 1 /s "$2" sp-xq 'bullmq-1 bullmq-100 beanstalkd celery' bullmq-1,bullmq-100 "$3"
	[ "$3" != '>= =120e3' ] || row "$1" 1 /s 'the same' sp-xq 'bullmq-1 bullmq-100' bullmq-1,bullmq-100 '>= 5'
	row "$1" 1 /s 'the same, deep' deep sp-xq sp-xq '>= 0.8'
}

# xq_work ROW JOBS OPTION... -- COMMAND...: the jobs a second of a worker.
xq_work() {
	local row=$1 n=$2 subject
	shift 2
	for subject in sp-xq deep; do
		say "$row: $subject"
		xq_at "$subject" || return
		[ "$subject" = deep ] || xq_fill "$n" || return
		took "$build/sp-xq" work -u "$at" --quiet -q bench --max-jobs "$n" "$@" >/dev/null || return
		[ "$subject" = deep ] || xq_is_empty || return
		note "$row" "$subject" "$(rate "$n" "$took")"
	done
}

measure_xq_batch() {
	xq_work xq/batch "$xq_jobs" --batch 100 --pipe -- cat && xq_note_work xq/batch
}

show_xq_batch() {
	xq_show_work "$1" '`work --batch 100 --pipe -- cat`' '>= =120e3'
}

measure_xq_pipe() {
	xq_work xq/pipe 50000 --pipe -j 2 -- cat && xq_note_work xq/pipe
}

show_xq_pipe() {
	xq_show_work "$1" '`work --pipe -j 2 -- cat`' '>= =40e3'
}

# --- A process for each job

measure_xq_true() {
	local n=1000
	seq "$n" >"$dir/seq"
	say 'xq/true: xargs'
	took xargs -P2 -n1 /bin/true <"$dir/seq" || return
	note xq/true xargs "$(rate "$n" "$took")"
	xq_work xq/true "$n" -j 2 -- /bin/true || return
	xq_has parallel && early 3 || return 0
	say 'xq/true: parallel'
	head -n 300 "$dir/seq" >"$dir/some-seq"
	took parallel -j2 /bin/true '#' <"$dir/some-seq" || return
	note xq/true parallel "$(rate 300 "$took")"
}

show_xq_true() {
	row "$1" 1 /s '`work -j 2 -- /bin/true`' sp-xq 'xargs' xargs '>= 1.0'
	row "$1" 1 /s 'the same, beside GNU parallel' sp-xq parallel parallel '>= 5'
	row "$1" 1 /s 'the same, deep' deep sp-xq sp-xq '>= 0.8'
}

# --- Waiting for jobs

xq_percentiles() { # < MICROSECONDS
	sort -n "$1" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)], v[int(NR * 0.99 + 0.5)], NR }'
}

# Single jobs into an idle queue, through an add that stays. The deep one's waiting jobs are in another queue, or
# they would be started first; those that are delayed are in this one.
xq_start() { # SUBJECT
	local i queue=pace
	xq_at "$1" || return
	rm -f "$dir/started"
	if [ "$1" = deep ] && ! xq_delayed; then
		xq_lines 100000 >"$dir/fill"
		bounded 60 "$build/sp-xq" add -u "$at" --quiet -q pace --delay 6h <"$dir/fill" >/dev/null || return
		xq_delayed_of=deep
	fi
	begin worker "$build/sp-xq" work -u "$at" --quiet -q pace -- "$bench/started" "$dir/started"
	[ -p "$dir/nothing" ] || mkfifo "$dir/nothing"
	sleep 0.5
	for ((i = 0; i < 300; i++)); do
		echo "${EPOCHREALTIME/[.,]/}"
		read -rt 0.008 -u 9 # a sleep(1) would start just when the command does
	done 9<>"$dir/nothing" | timeout -k 5 30 "$build/sp-xq" add -u "$at" --quiet -q pace >/dev/null
	sleep 0.3
	end worker
	note xq/start "$1" "$(xq_percentiles "$dir/started")"
}

xq_delayed() {
	[ "${xq_delayed_of-}" = deep ]
}

measure_xq_start() {
	local subject
	for subject in sp-xq deep; do
		say "xq/start: $subject"
		xq_start "$subject" || return
	done
	early 2 || return 0
	if xq_has bullmq; then
		say 'xq/start: bullmq'
		cli FLUSHALL SYNC >/dev/null
		xq_begin_bullmq && NODE_PATH=$cache/node_modules bounded 60 node "$here/peers/bullmq.js" pace "$sock" 300 8
		end bullmq
		note xq/start bullmq "$(xq_percentiles "$dir/bullmq")"
	fi
	if xq_has celery; then
		say 'xq/start: celery'
		rm -f "$dir/started"
		xq_begin_celery && xq_in_celery pace 300 8 "$dir/started"
		end celery
		note xq/start celery "$(xq_percentiles "$dir/started")"
	fi
}

xq_begin_bullmq() {
	: >"$dir/bullmq.out"
	NODE_PATH=$cache/node_modules begin bullmq node "$here/peers/bullmq.js" work "$sock" "$dir/bullmq" </dev/null >"$dir/bullmq.out" 2>&1
	wait_for 10 grep -q ready "$dir/bullmq.out" || { cat "$dir/bullmq.out" >&2; return 1; }
}

show_xq_start() {
	row "$1" 1 us 'added to an idle queue, to a command started: p50' sp-xq 'bullmq celery' bullmq '<= =1000'
	row "$1" 2 us 'the same: p99' sp-xq 'bullmq celery' bullmq '<= =3000'
	row "$1" 1 us 'the same, deep: p50' deep sp-xq sp-xq '<= 1.25'
}

# All at once, for ten seconds: idle as they are they are not in each other's way.
measure_xq_idle() {
	local subject pid resident
	local -A before
	early 2 || return 0
	say 'xq/idle: all of them'
	for subject in sp-xq deep; do
		xq_at "$subject" || return
		begin "idle-$subject" "$build/sp-xq" work -u "$at" -q pace --quiet -- true
	done
	! xq_has bullmq || xq_begin_bullmq || return
	! xq_has celery || xq_begin_celery || return
	sleep 2
	for subject in idle-sp-xq idle-deep bullmq celery; do
		pid=${alive[$subject]-}
		[ -z "$pid" ] || before[$subject]=$(xq_switches "$pid")
	done
	sleep 10
	for subject in "${!before[@]}"; do
		pid=${alive[$subject]}
		resident=$(resident_of "$pid") || return
		note xq/idle "${subject#idle-}" "$(awk -v n=$(($(xq_switches "$pid") - before[$subject])) 'BEGIN { print n / 10 }')" \
			"$resident"
	done
	end idle-sp-xq idle-deep bullmq celery
}

# How often its threads, and its children's, have begun to wait.
xq_switches() { # PID
	local pid
	for pid in $(family "$1"); do
		cat /proc/"$pid"/task/*/status 2>/dev/null
	done | awk '/^voluntary/ { n += $2 } END { print n + 0 }'
}

show_xq_idle() {
	row "$1" 1 '' 'idle worker: wake-ups a second' sp-xq 'bullmq celery' '' '<= 1'
	row "$1" 2 bytes 'idle worker: memory' sp-xq 'bullmq celery' bullmq '<= =4e6'
	row "$1" 1 '' 'idle worker beside 100,000 delayed: wake-ups a second' deep '' '' '<= 1'
}
