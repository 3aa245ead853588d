# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154 # the suites use what is set here; bats sets the rest
# browser: what the suites with node and a browser share. Load it behind helpers.

SPOUT_NPM=${XDG_CACHE_HOME:-$HOME/.cache}/spout-tests
export SPOUT_NPM

# Skips, and says so, unless npm's PACKAGEs are in the cache in the versions that are asked for.
need_npm() { # PACKAGE...
	local name
	command -v node >/dev/null || skip "NOT TESTED: there is no node (20 or newer)"
	cmp -s "$ROOT/tests/browser/package-lock.json" "$SPOUT_NPM/package-lock.json" ||
		skip "NOT TESTED: npm's packages are not in $SPOUT_NPM: see tests/deps test"
	for name in "$@"; do
		[[ -d $SPOUT_NPM/node_modules/$name ]] || skip "NOT TESTED: there is no $name in $SPOUT_NPM"
	done
}

need_command() { # COMMAND PACKAGE
	command -v "$1" >/dev/null || skip "NOT TESTED: there is no $1 (Debian: $2)"
}
