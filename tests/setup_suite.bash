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
}

teardown_suite() {
	[[ -z ${SUITE_REDIS_PID-} ]] || end_process "$SUITE_REDIS_PID" TERM
}
