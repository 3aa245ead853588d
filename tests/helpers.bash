# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034 # the suites use what is set here
# helpers: what the suites share. Every wait has a deadline; every process is ended by its pid.

bats_require_minimum_version 1.7.0
ROOT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")

# Each test works in a directory of its own, on a project ($P), a channel ($C) and a queue ($Q) that nobody else uses.
setup() {
	PATH=$SPOUT_BUILD:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	P=p$BATS_SUITE_TEST_NUMBER-$$ C=chan.$BATS_SUITE_TEST_NUMBER.$$
	STAGE=sp:project:$P:stage:s LOG=sp:project:$P:log
	Q=q$BATS_SUITE_TEST_NUMBER-$$
	TAG="{sp:q:$Q}"
	PIDS=()
}

teardown() {
	local pid
	for pid in "${PIDS[@]}"; do
		end_process "$pid" KILL
	done
}

# --- Waiting

# Runs a command again and again until it succeeds; fails after SECONDS.
wait_until() { # SECONDS COMMAND...
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((${EPOCHREALTIME/./} > end)); then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.01
	done
}

gone() { # PID: ended, though its parent may not have asked for its status yet
	! kill -0 "$1" || [[ $(awk '{print $3}' "/proc/$1/stat") == Z ]]
}

lines() { # FILE N: has at least N lines
	[[ $(wc -l <"$1") -ge $2 ]]
}

messages() { # FILE N: has exactly N lines that look like messages
	[[ $(grep -c '^{' "$1") -eq $2 ]]
}

logged() { # LOG N: has at least N entries
	[[ $(R XLEN "$1") -ge $2 ]]
}

says() { # FILE TEXT
	grep -qF -- "$2" "$1"
}

subscribed() { # CHANNEL [N]: has N subscribers, or patterns if it ends in *
	case $1 in
	*'*') [[ $(R PUBSUB NUMPAT) -ge ${2:-1} ]] ;;
	*) [[ $(R PUBSUB NUMSUB "$1" | tail -n 1) -ge ${2:-1} ]] ;;
	esac
}

# --- Processes

# Starts a command with its output in NAME.out and NAME.err; $bg_pid is its pid. Standard input is /dev/null
# unless $bg_in names something else; 4 is the tests' own, often a pipe whose end it would hold open.
bg() { # NAME COMMAND...
	local name=$1
	shift
	: >"$name.out"
	: >"$name.err" # now: who waits for a word in them must not find that of the one before
	"$@" <"${bg_in:-/dev/null}" >"$name.out" 2>"$name.err" 3>&- 4>&- &
	bg_pid=$!
	PIDS+=("$bg_pid")
}

# Waits for the end of a command that bg started; $status is its status.
ends() { # PID [SECONDS]
	wait_until "${2:-10}" gone "$1" || return
	status=0
	wait "$1" || status=$?
}

end_process() { # PID SIGNAL
	kill "-$2" "$1" 2>/dev/null || return 0
	wait_until 10 gone "$1" || kill -KILL "$1"
	wait "$1" 2>/dev/null || true
}

# --- Redis

R() {
	redis-cli --raw -s "$SOCKET" "$@"
}

# Starts a server in DIR, ready when this returns: $own_pid, $own_socket, $own_url, $own_tcp (another URL).
# Set $own_port to get the same port again.
own_redis() { # DIR OPTION...
	local dir=$1 port tries
	shift
	mkdir -p "$dir"
	own_socket=$dir/redis.sock own_url=unix://$dir/redis.sock
	for tries in 1 2 3 4 5; do
		port=${own_port:-$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}
		(cd "$dir" && exec redis-server --bind 127.0.0.1 --port "$port" --unixsocket "$own_socket" \
			--save '' --dir "$dir" --logfile redis.log "$@") </dev/null >/dev/null 2>&1 3>&- &
		own_pid=$!
		PIDS+=("$own_pid")
		own_tcp=redis://127.0.0.1:$port
		wait_until 10 answers_or_gone "$own_pid" "$own_socket"
		gone "$own_pid" 2>/dev/null || return 0
	done
	echo "redis-server did not start (try $tries):" >&2
	tail "$dir/redis.log" >&2
	return 1
}

answers_or_gone() { # PID SOCKET: any answer will do, LOADING and NOAUTH too
	gone "$1" || redis-cli -s "$2" PING 2>/dev/null | grep -q .
}

# --- Messages

# The log as a reader prints it: the ids are back in their places.
log_lines() { # LOG
	R XRANGE "$1" - + | awk 'NR % 3 == 1 { id = $0 }
		NR % 3 == 0 { print substr($0, 1, length($0) - 2) ",\"id\":\"" id "\"}}" }'
}

# The contents of the tokens on standard input, as one text.
text_of() {
	jq -j 'select(.type == "token") | .content'
}

# N lines "PREFIX 1" to "PREFIX N".
numbers() { # N [PREFIX]
	seq -f "${2:+$2 }%.0f" "$1"
}
