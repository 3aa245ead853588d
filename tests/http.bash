# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154 # the suites use what is set here; bg sets bg_pid
# http: `sp-sse --inetd` over pipes, behind sockets, and clients for it. Load it behind helpers.

# The last command of a pipeline runs in the test's own shell, so that `… | answers 200` leaves $status and $code.
shopt -s lastpipe

# The head of a stream, but for the Date: of --listen.
STREAM_HEAD='HTTP/1.1 200 OK
Content-Type: text/event-stream
Connection: close
Cache-Control: no-cache, no-transform
X-Accel-Buffering: no
X-Content-Type-Options: nosniff'

# Ends what bg started and each sp-sse that a server of this test started (they write down their pids).
teardown() {
	local pid
	for pid in "${PIDS[@]}"; do
		kill -CONT "$pid" 2>/dev/null || true
		end_process "$pid" KILL
	done
	[[ -e pids ]] || return 0
	while read -r pid; do
		is_ours "$pid" && end_process "$pid" KILL
	done <pids
	return 0
}

is_ours() { # PID: still that sp-sse, not somebody who got its number
	[[ $(readlink "/proc/$1/exe") == */sp-sse && $(readlink "/proc/$1/cwd") == "$BATS_TEST_TMPDIR" ]]
}

not() {
	! "$@"
}

# For what a sanitizer changes: memory, above all.
is_sanitized() {
	grep -qa __asan_init "$SPOUT_BUILD/sp-sse"
}

setup_file() {
	find_python
}

# The interpreter itself, once: a shim that looks for it (pyenv) costs ten times as much.
find_python() {
	PYTHON=$(python3 -c 'import sys; print(sys.executable)')
	export PYTHON
}

python() {
	"$PYTHON" -I -S "$@"
}

strict() {
	python "$ROOT/tests/sse-strict.py" "$@"
}

# --- Servers

# Writes the program that a super-server runs; standard error goes to server.err, or, with $server_stderr=socket,
# where inetd(8) sends it.
write_server() { # OPTION...
	local target='2>>server.err'
	[[ ${server_stderr-} != socket ]] || target='2>&0'
	printf '%s\n' '#!/bin/sh' "cd '$BATS_TEST_TMPDIR' || exit" "REDIS_URL=${REDIS_URL@Q} export REDIS_URL" \
		"echo \$\$ >>pids" "exec '$SPOUT_BUILD/sp-sse' --inetd $([[ $# -eq 0 ]] || printf '%q ' "$@") $target" >server
	chmod +x server
	: >>pids
}

# Serves on the Unix socket ./web. $server_pid is the super-server's pid.
serve() { # OPTION...
	write_server "$@"
	bg socat socat UNIX-LISTEN:web,fork EXEC:./server,nofork
	server_pid=$bg_pid
	wait_until 10 listens web
}

# Serves on a free port of 127.0.0.1: $port.
serve_tcp() { # OPTION...
	write_server "$@"
	bg socat socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork EXEC:./server,nofork
	server_pid=$bg_pid
	wait_until 10 says socat.err 'listening on'
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' socat.err)
}

listens() { # SOCKET: has been bound and listened on
	grep -q "00010000 .* $1\$" /proc/net/unix
}

started() { # N: as many sp-sse were started
	lines pids "${1:-1}"
}

server_of() { # N: the pid of the N-th sp-sse
	sed -n "${1}p" pids
}

# --- Clients

stage_path() { # [STAGE [PROJECT]]
	echo "/api/v1/sse/projects/${2:-$P}/stages/${1:-s}/"
}

project_path() {
	echo "/api/v1/sse/projects/$P/"
}

# A well-formed request for a path, with more header lines if given.
request() { # PATH [LINE...]
	printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n' "$1"
	[[ $# -eq 1 ]] || printf '%s\r\n' "${@:2}"
	printf '\r\n'
}

# Sends standard input to `sp-sse --inetd` over pipes. The answer is in the file answer, and split in head
# (without CR) and body; $code is the HTTP status, $status the exit status.
exchange() { # OPTION...
	status=0
	timeout 10 sp-sse --inetd "$@" >answer 2>exchange.err || status=$?
	split answer
}

split() { # ANSWER
	local first=''
	sed -e '1,/^\r$/{s/\r$//;w head' -e 'd;}' "$1" >body
	IFS= read -r first <"$1" || true
	code=
	[[ ! $first =~ ^HTTP/1\.1\ ([0-9]{3})\  ]] || code=${BASH_REMATCH[1]}
}

# Fails, and says why, unless standard input is answered with CODE.
answers() { # CODE OPTION...
	local request
	tee request.raw | exchange "${@:2}"
	[[ $code == "$1" ]] && return
	request=$(cat -A request.raw)
	echo "not $1 but ${code:-nothing} to:" "$request" "$(cat answer)" >&2
	return 1
}

# The raw bytes of a request, as printf(1) has them.
raw() { # CODE REQUEST [OPTION...]
	# shellcheck disable=SC2059 # it is a format
	printf "$2" | answers "$1" "${@:3}"
}

# curl, through ./web unless $port is set.
get() { # PATH [CURL OPTION...]
	if [[ -n ${port-} ]]; then
		curl -sSN --max-time 30 "http://127.0.0.1:$port$1" "${@:2}"
	else
		curl -sSN --max-time 30 --path-as-is --unix-socket web "http://localhost$1" "${@:2}"
	fi
}

# A reader in the background: NAME.out is the body, NAME.head the head. $bg_pid is curl's pid.
reader() { # NAME PATH [CURL OPTION...]
	: >"$1.head"
	if [[ -n ${port-} ]]; then
		bg "$1" curl -sSN -D "$1.head" "http://127.0.0.1:$port$2" "${@:3}"
	else
		bg "$1" curl -sSN -D "$1.head" --unix-socket web "http://localhost$2" "${@:3}"
	fi
}

connected() { # NAME: the reader has its first event
	says "$1.out" '"type":"connected"'
}

# --- What came

# The messages of a body, a line each, without what the server says itself.
messages() { # FILE
	strict --cut <"$1" | jq -r 'select(.data) | .data' | jq -c 'select(.sp)'
}

# The texts of its tokens, a line each.
tokens() { # FILE
	strict --cut <"$1" | jq -r 'select(.data) | .data | fromjson | select(.type == "token") | .content'
}

# The types of its events, in one line.
types() { # FILE
	strict --cut <"$1" | jq -r 'select(.data) | .data | fromjson | .type' | paste -sd ' '
}

# Publishes messages to stage s (or $stage) of this test's project: tokens for the words, then nothing more.
publish() { # WORD...
	local word
	for word in "$@"; do
		sp-pub -p "$P" -s "${stage:-s}" token "content=$word"
	done
}

# A whole run: a token for each word, then done.
publish_run() { # WORD...
	printf '{"type":"token","content":"%s"}\n' "$@" | sp-pub -p "$P" -s "${stage:-s}" --from json
}

# The id of the N-th entry of this test's log.
id_of() { # N
	R XRANGE "$LOG" - + COUNT "$1" | awk 'NR % 3 == 1' | sed -n "${1}p"
}
