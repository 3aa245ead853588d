# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# docs: the sessions in manual pages and in the README, found and run.
#
# A session is a block `.Bd -literal` of a page, or ```console of the README. A line that begins with "$ "
# is a command, one with "> " goes on with it. What follows is all that it prints, on standard error too;
# … stands for anything within a line, and alone on a line for any number of lines. Blank lines at the end
# of an output do not count. A command must succeed, unless the next one is `echo $?`. Variables, and
# commands in the background, live as long as their session. 8080 stands for a free port; after a command
# in the background the session goes on when that is listened on.

# --- Finding: "@ FILE:LINE" in front of each session, then its lines as a reader sees them.

man_sessions() { # FILE
	awk -v file="${1##*/}" '/^\.Bd -literal/ { inside = 1; print "@ " file ":" NR; next }
		/^\.Ed/ { inside = 0 } inside' "$1" |
		sed -e "s/\\\\(aq/'/g" -e 's/\\(ga/`/g' -e 's/\\(ha/^/g' -e 's/\\(ti/~/g' -e 's/\\e/\\/g'
}

markdown_sessions() { # FILE
	awk -v file="${1##*/}" '/^```console/ { inside = 1; print "@ " file ":" NR; next }
		/^```/ { inside = 0 } inside' "$1"
}

# --- Running

# Runs the sessions on standard input, each in a shell of its own; tells what differs.
run_sessions() {
	local line name='' n=0 bad=0
	while IFS= read -r line; do
		if [[ $line == '@ '* ]]; then
			n=$((n + 1)) name=session.$n
			printf '%s\n' "${line#@ }" >"$name.where"
			: >"$name"
		else
			printf '%s\n' "$line" >>"$name"
		fi
	done
	for ((i = 1; i <= n; i++)); do
		(run_session "session.$i") || bad=1
	done
	[[ $n -gt 0 && $bad -eq 0 ]]
}

run_session() { # FILE
	local lines at=0 command status=0 bad=0 port
	port=$(free_port)
	mapfile -t lines <"$1"
	if [[ ${lines[0]-} != '$ '* ]]; then
		echo "$(<"$1.where"): the session does not begin with a command"
		return 1
	fi
	trap 'end_jobs' EXIT
	while ((at < ${#lines[@]})); do
		command=${lines[at]#'$ '} want=()
		while ((++at < ${#lines[@]})) && [[ ${lines[at]} == '> '* ]]; do
			command+=$'\n'${lines[at]#'> '}
		done
		while ((at < ${#lines[@]})) && [[ ${lines[at]} != '$ '* ]]; do
			want+=("${lines[at++]//8080/$port}")
		done
		command=${command//8080/$port}
		as_if_after "$status"
		eval "$command" </dev/null >"$1.out" 2>&1
		status=$?
		[[ $command != *'&' ]] || wait_for_port "$port" || bad=1
		mapfile -t got < <(tr -d '\r' <"$1.out")
		drop_blank_end want
		drop_blank_end got
		if ! is_as_wanted 0 0 || { [[ $status -ne 0 && ${lines[at]-} != '$ echo $?' ]]; }; then
			printf '%s: $ %s\n' "$(<"$1.where")" "$command"
			printf '  wanted: %s\n' "${want[@]}"
			printf '  got:    %s\n' "${got[@]}"
			echo "  status: $status"
			bad=1
		fi
	done
	return "$bad"
}

as_if_after() { # STATUS
	return "$1"
}

end_jobs() {
	local pid
	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

drop_blank_end() { # ARRAY
	local -n array=$1
	while ((${#array[@]} > 0)) && [[ -z ${array[-1]} ]]; do
		unset 'array[-1]'
	done
}

# Whether got[G...] is what want[W...] allows.
is_as_wanted() { # W G
	local w=$1 g=$2 pattern
	for (( ; w < ${#want[@]}; w++, g++)); do
		if [[ ${want[w]} == … ]]; then
			for (( ; g <= ${#got[@]}; g++)); do
				is_as_wanted $((w + 1)) "$g" && return 0
			done
			return 1
		fi
		pattern=$(sed -e 's/[^[:alnum:] …]/\\&/g' -e 's/…/*/g' <<<"${want[w]}")
		# shellcheck disable=SC2053 # a pattern it is
		[[ $g -lt ${#got[@]} && ${got[g]} == $pattern ]] || return 1
	done
	[[ $g -eq ${#got[@]} ]]
}

# --- Ports, looked up without a connection

is_listened_on() { # PORT
	grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$1") [0-9A-F:]* 0A " /proc/net/tcp
}

free_port() {
	local port
	while port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)); is_listened_on "$port"; do
		:
	done
	echo "$port"
}

wait_for_port() { # PORT
	local end=$((${EPOCHREALTIME/./} + 10000000))
	until is_listened_on "$1"; do
		if ((${EPOCHREALTIME/./} > end)); then
			echo "nobody listens on port $1"
			return 1
		fi
		sleep 0.01
	done
}

# --- Options: "-c --channel CHANNEL", a line each, sorted

help_options() { # TOOL [VERB]
	"$@" --help | sed -n -E 's/^ +(-[a-zA-Z], )?(--[a-z-]+)/\1\2/p' | sed -E 's/  .*//; s/^(-.), /\1 /; s/=/ /' | sort
}

# Those that the usage lines name, and that have a --help of their own.
verbs() { # TOOL
	local verb
	for verb in $("$1" --help | sed -n -E "s/^(usage:| ) *$1 ([a-z]+) .*/\2/p"); do
		! "$1" "$verb" --help | head -n 1 | grep -q "^usage: $1 $verb" || echo "$verb"
	done
}

# With those of its verbs.
all_options() { # TOOL
	local verb
	{
		help_options "$1"
		for verb in $(verbs "$1"); do
			help_options "$1" "$verb"
		done
	} | sort -u
}

man_options() { # FILE
	sed -n 's/^\.It Fl //p' "$1" |
		sed -E 's/^-/--/; s/^([a-zA-Z]) , Fl -/-\1 --/; s/ Ar / /; s/ Ns Op (.*)/[\1]/' | sort -u
}

# Without what the value is called. Of the tool itself: its commands' functions stand in front of its own, and
# their lines in fish begin with a condition.
completed_options() { # SHELL FILE
	case $1 in
	bash)
		sed -n '/^_sp_[a-z]*()$/,$p' "$2" | sed -n "s/^\t\twords='\(-.*\)'/\1/p" | tr -s ' ' '\n' |
			awk '/^--/ { print letter $0; letter = ""; next } NF { letter = $0 " " }'
		;;
	zsh)
		sed -n '/^_sp-[a-z]*()$/,$p' "$2" | sed -n -E "s/^\t\t(['\\\\][^[]*)\[.*\\\\$/\1/p" |
			sed -E "s/^('[^']*'|\\\\\*)?\{?'?//; s/[}'=+]//g; s/,/ /"
		;;
	fish)
		sed -n -E 's/^complete -c [a-z-]+ (-s . )?-l ([a-z-]+) .*/\1--\2/p' "$2" | sed 's/^-s /-/'
		;;
	esac | sort
}
