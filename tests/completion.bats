#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# completion: what the shells themselves make of the completions, for the commands of a tool in particular.

bats_require_minimum_version 1.7.0
load helpers

# What bash would offer for the last of WORD...
in_bash() { # WORD...
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -c 'source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"$(complete -p "$1" | sed "s/.*-F \([^ ]*\) .*/\1/")" 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$ROOT/completions/$1.bash" "$@" | sed '/^$/d'
}

in_fish() { # LINE
	fish --no-config -c "source '$ROOT/completions/${1%% *}.fish'; complete -C '$1'" </dev/null | cut -f 1
}

# The long options that a command's --help shows.
of_help() { # TOOL VERB
	"$1" "$2" --help | grep -oE '^ +(-., )? *--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u
}

verbs_of() { # TOOL
	case $1 in
	sp-xq) sp-xq --help | sed -n 's/^.* sp-xq \([a-z]*\) .*/\1/p' ;;
	sp-sse) printf '%s\n' token doctor ;;
	esac
}

@test "bash: each command is offered its own options, all of them and no others" {
	local tool verb
	for tool in sp-xq sp-sse; do
		for verb in $(verbs_of "$tool"); do
			diff <(of_help "$tool" "$verb") <(in_bash "$tool" "$verb" -- | grep -- -- | sort)
		done
	done
	[[ $(in_bash sp-xq wo | paste -sd' ') == 'work workers' ]]
	[[ $(in_bash sp-xq add -P hi) == high ]]
	[[ $(in_bash sp-xq add --priority = m) == medium ]]
	[[ $(in_bash sp-xq dead r) == retry ]]
	[[ $(in_bash sp-xq work -j 4 --dr) == --drain ]]
	touch spool.here
	[[ $(in_bash sp-xq work --spool spool.h) == spool.here ]]
	[[ $(in_bash sp-xq work -- shuf | sort -u) == shuf ]]
	[[ -z $(in_bash sp-xq 'x; touch oops' --dr) && ! -e oops ]]
}

@test "fish: each command is offered its own options, all of them and no others" {
	command -v fish >/dev/null || skip 'no fish here'
	local tool verb
	for tool in sp-xq sp-sse; do
		for verb in $(verbs_of "$tool"); do
			diff <(of_help "$tool" "$verb") <(in_fish "$tool $verb --" | grep -- -- | sort)
		done
	done
	[[ $(in_fish 'sp-xq wo' | paste -sd' ') == 'work workers' ]]
	[[ $(in_fish 'sp-xq add -P hi') == *high ]]
	[[ $(in_fish 'sp-xq dead ret') == retry ]]
	[[ $(in_fish 'sp-xq work -j 4 --dr') == --drain ]]
	[[ $(in_fish 'sp-xq work -- shu') == *shuf* ]]
}

@test "zsh: a TAB completes commands, their options, values, and the command behind --" {
	command -v zsh >/dev/null || skip 'no zsh here'
	timeout 40 python3 "$ROOT/tests/complete-zsh.py" "$ROOT/completions" 'sp-xq canc' 'sp-xq work --spo' 'sp-xq add --unique-' \
		'sp-xq add -P hi' 'sp-xq dead ret' 'sp-sse token --pu' 'sp-sse doctor --hel' 'sp-bench plot --t' 'sp-xq work -- whoam' >got
	diff got - <<-END
		sp-xq cancel
		sp-xq work --spool=
		sp-xq add --unique-for=
		sp-xq add -P high
		sp-xq dead retry
		sp-sse token --pub
		sp-sse doctor --help
		sp-bench plot --to=
		sp-xq work -- whoami
	END
	local verb
	for verb in $(verbs_of sp-xq); do
		diff <(of_help sp-xq "$verb") <(sed -n "/^_sp-xq_$verb()/,/^}/p" "$ROOT/completions/_sp-xq" |
			sed -n -E "s/^\t\t['\\\\][^[]*--([a-z-]+)[^[]*\[.*/--\1/p" | sort)
	done
}

@test "sp-bench: each mode is offered what means something to it" {
	local mode option
	for mode in pub sub pipe xq sse plot; do
		in_bash sp-bench "$mode" -- | grep -- -- >offered
		[[ $(wc -l <offered) -ge 4 ]]
		while read -r option; do
			run -64 timeout 5 sp-bench "$mode" "$option"
			[[ $output != *'means nothing'* ]]
		done < <(grep -xE -- '--(rate|size|to|slow|hgrm|publish)' offered)
	done
	[[ $(in_bash sp-bench plot --t) == --to ]]
	[[ -z $(in_bash sp-bench plot --rat) ]]
	[[ $(in_bash sp-bench sse --sou) == --source ]]
	[[ -z $(in_bash sp-bench pub --sou) ]]
	run -64 sp-bench pub --source 127.0.0.2
	[[ $output == *'--source means nothing to pub'* ]]
}
