# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# setup_suite: one private Redis for all suites, on a Unix socket and a TCP port of its own, with AOF.

source "$(dirname "${BASH_SOURCE[0]}")/helpers.bash"

setup_suite() {
	SPOUT_BUILD=$(realpath "${SPOUT_BUILD:-$BATS_TEST_DIRNAME/../build}")
	if [[ ! -x $SPOUT_BUILD/sp-pub ]]; then
		echo "no commands in $SPOUT_BUILD: run make first" >&2
		return 1
	fi
	unset SP_NAMESPACE SPOUT_REDIS_SERVER
	own_redis "$BATS_SUITE_TMPDIR/shared" --appendonly yes || return
	SUITE_REDIS_PID=$own_pid
	export SPOUT_BUILD REDIS_URL=$own_url TCP_URL=$own_tcp
	export SOCKET=$own_socket
	end_hung_commands </dev/null >/dev/null 2>&1 3>&- &
	REAPER_PID=$!
}

# The commands under test that this suite started, by the environment that they inherited.
our_commands() {
	local file
	while IFS= read -r file; do
		[[ $(readlink "${file%environ}exe") != "$SPOUT_BUILD"/* ]] || echo "${file//[^0-9]/}"
	done < <(grep -lsF "BATS_SUITE_TMPDIR=$BATS_SUITE_TMPDIR" /proc/[0-9]*/environ) 2>/dev/null
}

# bats ends a test that takes too long, but not what hangs below it, and then waits for that.
end_hung_commands() {
	local pid
	while sleep 5; do
		for pid in $(our_commands); do
			(($(date +%s) - $(stat -c %Y "/proc/$pid") < ${COMMAND_SECONDS:-45})) || kill -KILL "$pid"
		done 2>/dev/null
	done
}

teardown_suite() {
	local pid
	[[ -z ${REAPER_PID-} ]] || end_process "$REAPER_PID" TERM
	for pid in $(our_commands); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	[[ -z ${SUITE_REDIS_PID-} ]] || end_process "$SUITE_REDIS_PID" TERM
}
