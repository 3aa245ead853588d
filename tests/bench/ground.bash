# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154 # all, which reads this, has the rest
# ground: what the parts of the comparison stand on: private servers, programs that end with us, the figures.
#
# What is measured is a line of $dir/figures: `BLOCK ROW SUBJECT FIGURE… [!FLAW]`, `-` for a figure that is not to be
# had, `_` for a space in the flaw. row makes a row of the table of them, at any time. Units are microseconds, bytes,
# or things a second. Nothing here ends the run: a function that fails returns a status, and its row says so.

# --- Programs

declare -A alive # pid, by what it is

# begin WHAT COMMAND...: in the background, until it ends or `end WHAT`.
begin() {
	local what=$1
	shift
	"$@" <&0 &
	alive[$what]=$!
}

# end [WHAT...]: by TERM, and by KILL five seconds later; all that runs.
end() {
	local what pid
	for what in "${@-"${!alive[@]}"}"; do
		pid=${alive[$what]-}
		[ -n "$pid" ] || continue
		unset "alive[$what]"
		kill "$pid" 2>/dev/null
		wait_for 5 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	return 0
}

is_gone() { # PID: ended, and perhaps not waited for yet
	local state
	state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
	[[ -z $state || $state = Z* ]]
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local until=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$until" ] || return 1
		sleep 0.02
	done
}

# bounded SECONDS COMMAND...: timeout(1) ends all that COMMAND started. A shell that waits hears Ctrl-C.
bounded() {
	local status=0
	begin bounded timeout -k 5 "$@"
	wait "${alive[bounded]}" || status=$?
	unset 'alive[bounded]'
	return "$status"
}

# took COMMAND...: sets `took` to the seconds that it took.
took() {
	local start=${EPOCHREALTIME/[.,]/} status=0
	bounded 60 "$@" || status=$?
	took=$(awk -v us=$((${EPOCHREALTIME/[.,]/} - start)) 'BEGIN { printf "%.6f", us / 1e6 }')
	return "$status"
}

# rate N SECONDS
rate() {
	awk -v n="$1" -v s="$2" 'BEGIN { printf "%.1f\n", n / s }'
}

# --- Servers

# A port below those that the kernel gives away, on which nobody listens.
free_port() {
	local port
	for _ in {1..50}; do
		port=$((20000 + RANDOM % 12000))
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
	return 1
}

redis_answers() { # SOCKET
	[ "$(timeout 5 redis-cli -s "$1" PING 2>/dev/null)" = PONG ]
}

# start_redis WHAT: on $dir/WHAT.sock and on $redis_port, without a file. A subscriber that is behind is what is
# measured: it is not cut off.
start_redis() {
	for _ in 1 2 3 4 5; do
		redis_port=$(free_port)
		begin "$1" redis-server --bind 127.0.0.1 --port "$redis_port" --unixsocket "$dir/$1.sock" --dir "$dir" \
			--save '' --appendonly no --client-output-buffer-limit 'pubsub 0 0 0' --logfile "$dir/$1.log" </dev/null
		wait_for 5 redis_answers "$dir/$1.sock" && return
		end "$1"
	done
	cat "$dir/$1.log" >&2
	return 1
}

cli() {
	redis-cli -s "$sock" "$@"
}

# Processes: PID and its children.
family() {
	echo "$1"
	pgrep -P "$1" || true
}

# The resident memory, in bytes, of PID and its children, each page as often as it is mapped. Fails when they have
# ended: none would be a fine figure.
resident_of() {
	local pid
	for pid in $(family "$1"); do
		awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || : # a child that has just ended
	done | awk '{ n += $1 } END { if (n == 0) exit 1; printf "%.0f\n", n * 1024 }'
}

# Their private memory, in bytes; the same.
private_of() {
	local pid
	for pid in $(family "$1"); do
		cat "/proc/$pid/smaps_rollup" 2>/dev/null || : # the same
	done | awk '/^Private_/ { n += $2 } END { if (n == 0) exit 1; printf "%.0f\n", n * 1024 }'
}

# Their CPU until now, in microseconds.
cpu_of() {
	local pid
	for pid in $(family "$1"); do
		sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
	done | awk -v hz="$(getconf CLK_TCK)" '{ n += $12 + $13 } END { printf "%.0f\n", n * 1e6 / hz }'
}

# Of all processes, ended or not: both ends of a loopback connection count.
sockets() {
	awk '/^TCP:/ { print $3 }' /proc/net/sockstat
}

# --- Figures

# Whether this is one of the first N blocks: what is slow, and no goal is about, is measured only there.
early() {
	[ "$block" -le "$1" ]
}

# note ROW SUBJECT FIGURE...
note() {
	echo "$block $*" >>"$dir/figures"
}

# note_each ROW SUBJECT... < FIGURES: a figure of each.
note_each() {
	local row=$1 figure figures
	shift
	read -ra figures
	for figure in "${figures[@]}"; do
		note "$row" "$1" "$figure"
		shift
	done
}

# row ROW COLUMN UNIT WHAT OURS PEERS [AGAINST [GOAL]]: a row of the table; see row.awk.
row() {
	awk -v row="$1" -v column="$2" -v unit="$3" -v what="$4" -v ours="$5" -v peers="$6" -v against="${7-}" \
		-v goal="${8-}" -v tsv="$dir/rows.tsv" -f "$here/row.awk" "$dir/figures"
}
