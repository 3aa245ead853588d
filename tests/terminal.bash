# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# terminal: what a person sees, through tests/terminal.py, for the suites of programs that draw.

# seen.json has the frames of the live line and the last screen.
on_terminal() { # COLUMNS OPTION... -- COMMAND...
	command -v python3 >/dev/null || skip 'NOT TESTED: no python3 here'
	timeout 50 python3 "$ROOT/tests/terminal.py" "$@" >seen.json
	jq -c '[.status, .frames[0], .frames[-1], .screen[0:3]]' seen.json
}

seen() { # FILTER
	jq -e "$1" seen.json >/dev/null || { cat seen.json; return 1; }
}
