# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# xq: sp-xq on the test's own queue ($Q, whose keys begin with $TAG). Load it behind helpers.

xq() { # COMMAND ARG...
	local verb=$1
	shift
	timeout -k 1 40 sp-xq "$verb" -q "$Q" "$@"
}

add() { # ARG...: the id
	xq add "$@" | jq -r .id
}

work() { # ARG... -- COMMAND: until nothing is left
	xq work --drain "$@" </dev/null
}

worker() { # NAME ARG... -- COMMAND
	local name=$1
	shift
	bg "$name" sp-xq work -q "$Q" "$@"
}

state_is() { # ID STATE
	[[ $(xq progress "$1" | jq -r .state) == "$2" ]]
}

stats_are() { # [WAITING,RUNNING,DONE]
	[[ $(xq stats --json | jq -c '[.waiting, .running, .done]') == "$1" ]]
}
