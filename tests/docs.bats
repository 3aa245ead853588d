#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# docs: the manual pages, the README, the completions and the examples say what the programs do.

load helpers
load docs

PAGES=(sp-pub.1 sp-sub.1 sp-sse.1 sp-local.1 sp-bench.1 sp-xq.1 spout.7)
TOOLS=(sp-pub sp-sub sp-sse sp-local sp-bench)

# A private Redis of the test's own, and an llm.
sandbox() {
	unset REDIS_URL
	mkdir -m 700 run state bin
	export XDG_RUNTIME_DIR=$PWD/run XDG_STATE_HOME=$PWD/state HOME=$PWD no_proxy='*' PATH=$PWD/bin:$PATH
	cat >bin/llm <<-'LLM'
		#!/bin/sh
		for word in 'Once ' 'upon ' 'a ' 'time ' 'there ' 'was ' 'a ' 'pipe.'; do
			printf %s "$word"
		done
		echo
	LLM
	chmod +x bin/llm
}

# Starts it; a suite that is killed leaves its pid to tests/run.
start_private() {
	local pid
	sp-local start >/dev/null
	pid=$(sp-local status | sed -n 's/^process_id://p')
	echo "$pid" >"$pid.redis-pid"
}

teardown() {
	local pid
	for pid in "${PIDS[@]}"; do
		end_process "$pid" KILL
	done
	[[ ! -d state ]] || sp-local stop 2>/dev/null || true
}

# In a shell without the traps of bats.
run_page() { # FINDER FILE
	timeout 30 bash -c "source '$ROOT/tests/docs.bash'; $1 '$2' | run_sessions" 3>&-
}

@test "spout(7): each session runs as shown" {
	sandbox
	start_private
	run_page man_sessions "$ROOT/man/spout.7"
}

@test "sp-pub(1): each session runs as shown" {
	sandbox
	start_private
	run_page man_sessions "$ROOT/man/sp-pub.1"
}

@test "sp-sub(1): each session runs as shown" {
	sandbox
	start_private
	run_page man_sessions "$ROOT/man/sp-sub.1"
}

@test "sp-sse(1): each session runs as shown" {
	sandbox
	start_private
	run_page man_sessions "$ROOT/man/sp-sse.1"
}

@test "sp-xq(1): each session runs as shown" {
	sandbox
	start_private
	run_page man_sessions "$ROOT/man/sp-xq.1"
}

@test "sp-local(1): each session runs as shown" {
	sandbox
	run_page man_sessions "$ROOT/man/sp-local.1"
}

@test "sp-bench(1): each session runs as shown" {
	sandbox
	start_private
	run_page man_sessions "$ROOT/man/sp-bench.1"
}

@test "the README: each session runs as shown" {
	sandbox
	start_private
	run_page markdown_sessions "$ROOT/README.md"
}

@test "the examples of --help have the page's options and tools" {
	local tool word
	for tool in "${TOOLS[@]}"; do
		"$tool" --help | sed '1,/^Examples:/d' >examples
		[ -s examples ]
		while read -r word; do
			grep -q -- "-l $word " "$ROOT/completions/$tool.fish" || {
				echo "$tool --help shows $word"
				return 1
			}
		done < <(grep -oE "\b$tool [^|]*" examples | grep -oE -- ' --[a-z-]+' | sed 's/ --//')
	done
}

@test "each --help fits into 80 columns, and ends with examples" {
	local tool verb
	for tool in "${TOOLS[@]}" sp-xq; do
		for verb in '' $(verbs "$tool"); do
			"$tool" ${verb:+"$verb"} --help >help
			if grep -E '.{81}' help || ! sed '1,/^Examples:/d' help | grep -q "$tool"; then
				echo "in $tool $verb --help"
				return 1
			fi
		done
	done
}

@test "a session that is not as shown, or fails, is found" {
	printf '%s\n' '@ here:1' '$ printf "%s\n" a b c' a … c '$ false' '$ echo $?' 1 >good
	bash -c "source '$ROOT/tests/docs.bash'; run_sessions" <good
	for text in '$ echo a\nb' '$ echo a' '$ false' '$ echo abc\na…d' '$ echo a; echo b\na' 'echo a\na'; do
		printf '@ here:1\n%b\n' "$text" >bad
		if bash -c "source '$ROOT/tests/docs.bash'; run_sessions" <bad >/dev/null; then
			echo "not found: $text"
			return 1
		fi
	done
	run ! bash -c "source '$ROOT/tests/docs.bash'; run_sessions" </dev/null
}

@test "what a page does not run is no session" {
	local page
	for page in "${PAGES[@]}"; do
		run ! bash -c "awk '/^\.Bd -unfilled/ { i = 1 } /^\.Ed/ { i = 0 } i && /^[$] /' '$ROOT/man/$page' | grep ."
	done
	run ! grep -n '^\$ ' <(awk '/^```/ { i = /^```sh/ } i' "$ROOT/README.md")
}

@test "each option of --help is in the manual page, with its value, and the other way round" {
	local tool
	for tool in "${TOOLS[@]}"; do
		all_options "$tool" >help
		lines help 4
		man_options "$ROOT/man/$tool.1" >page
		diff -u --label "$tool --help" --label "$tool.1" help page
	done
}

@test "each option of --help is completed in each shell, and the other way round" {
	local tool shell file
	for tool in "${TOOLS[@]}"; do
		help_options "$tool" | sed 's/ [^-].*//' >help
		for shell in bash zsh fish; do
			file=$ROOT/completions/$tool.$shell
			[[ $shell != zsh ]] || file=$ROOT/completions/_$tool
			completed_options "$shell" "$file" >completed
			diff -u --label "$tool --help" --label "$file" help completed
		done
	done
}

@test "the completions in the tree are those that the tools print" {
	local tool
	for tool in "${TOOLS[@]}"; do
		diff -u "$ROOT/completions/$tool.bash" <("$tool" --completion=bash)
		diff -u "$ROOT/completions/_$tool" <("$tool" --completion=zsh)
		diff -u "$ROOT/completions/$tool.fish" <("$tool" --completion=fish)
	done
	[ "$(find "$ROOT/completions" -type f | wc -l)" -eq $((3 * ${#TOOLS[@]} + 3)) ] # and sp-xq's, whose verbs have options of their own
}

@test "the completions load in the shells that are here" {
	local tool
	for tool in "${TOOLS[@]}"; do
		bash -n "$ROOT/completions/$tool.bash"
		! command -v zsh >/dev/null || zsh -n "$ROOT/completions/_$tool"
		! command -v fish >/dev/null || fish -n "$ROOT/completions/$tool.fish"
	done
	# shellcheck disable=SC2016 # for the inner shell
	bash -c 'source "$1"; COMP_WORDS=(sp-pub --full-text d) COMP_CWORD=2; _sp_pub; [[ ${COMPREPLY[*]} == done ]]' \
		- "$ROOT/completions/sp-pub.bash"
}

@test "what the pages refer to is there" {
	local page name path
	for page in "${PAGES[@]}"; do
		while read -r name; do
			[[ $name != sp* ]] || [[ -e $ROOT/man/${name/ /.} ]] || { echo "$page: $name"; return 1; }
		done < <(sed -n 's/^\.Xr \([^ ]* [0-9]\).*/\1/p' "$ROOT/man/$page")
		while read -r path; do
			[[ -e $ROOT/$path ]] || { echo "$page: $path"; return 1; }
		done < <(sed -n -E 's/^\.(It )?Pa ((examples|lib)[^ ]*).*/\2/p' "$ROOT/man/$page")
	done
	while read -r path; do
		[[ -e $ROOT/$path ]] || { echo "README.md: $path"; return 1; }
	done < <(grep -oE '\]\([^)]*\)' "$ROOT/README.md" | tr -d '])(')
}

@test "the README's map has each directory, and each part of the library in its layer" {
	local row layer name
	while read -r name; do
		grep -qE "^\| .*\`$name/\`" "$ROOT/README.md" || { echo "no $name/"; return 1; }
	done < <(cd "$ROOT" && find . -mindepth 1 -maxdepth 1 -type d ! -name '.*' -exec test -e '{}/.' \; -printf '%f\n' |
		grep -vE '^build')
	for layer in BASE PROTOCOL EDGES TOP; do
		# shellcheck disable=SC2016 # backquotes of Markdown
		row=$(grep -i "^| \`lib/\` $layer " "$ROOT/README.md")
		# shellcheck disable=SC2016
		while read -r name; do
			grep -qw "$name" <(make -C "$ROOT" -s --no-print-directory "print-$layer") || {
				echo "$name is not in $layer"
				return 1
			}
		done < <(grep -oE '`[a-z0-9_]+`' <<<"$row" | tr -d '`')
	done
}

@test "make install puts the tools, their pages and their completions; make uninstall takes them away" {
	local tool
	make -C "$ROOT" -s --no-print-directory -o all BUILD="$SPOUT_BUILD" PREFIX=/usr DESTDIR="$PWD/to" install
	for tool in "${TOOLS[@]}"; do
		to/usr/bin/"$tool" --version
		[ -s to/usr/share/man/man1/"$tool".1 ]
		[ -s to/usr/share/bash-completion/completions/"$tool" ]
		[ -s to/usr/share/zsh/site-functions/_"$tool" ]
		[ -s to/usr/share/fish/vendor_completions.d/"$tool".fish ]
	done
	[ -s to/usr/share/man/man7/spout.7 ]
	make -C "$ROOT" -s --no-print-directory BUILD="$SPOUT_BUILD" PREFIX=/usr DESTDIR="$PWD/to" uninstall
	[ -z "$(find to ! -type d)" ]
}

@test "the pages tell the statuses that lib/why.h has" {
	local status
	while read -r status; do
		grep -qE "^\.It (.*, )?$status(,|$)" "$ROOT/man/spout.7" || { echo "no $status"; return 1; }
	done < <(sed -n 's/^\tWHY_[A-Z]* = \([0-9]*\),.*/\1/p' "$ROOT/lib/why.h")
}

@test "examples/worker.py publishes its jobs, and its failures" {
	command -v python3 >/dev/null || skip 'no python3'
	printf '%s\n' "{\"project\":\"$P\",\"stage\":\"s\",\"prompt\":\"a pipe\"}" |
		"$ROOT/examples/worker.py"
	[ "$(sp-sub -p "$P" -s s --text)" = 'Once upon a time there was a pipe.' ]
	run -1 "$ROOT/examples/worker.py" <<<"{\"project\":\"$P\",\"stage\":\"t\",\"prompt\":\"\"}"
	[[ $output == 'worker: an empty prompt' ]]
	run -1 --separate-stderr sp-sub -p "$P" -s t --text
	[[ $stderr == *'ValueError: an empty prompt' ]]
	run -1 env REDIS_URL=nonsense "$ROOT/examples/worker.py" \
		<<<"{\"project\":\"$P\",\"stage\":\"u\",\"prompt\":\"x\"}"
	[[ $output == *'non-zero exit status 64'* ]]
}

# One line of the README's tour, through whatever accepts the connection.
serves_on() { # PORT
	curl -sN "http://127.0.0.1:$1/api/v1/sse/projects/$P/stages/s/" | sp-sse -d | jq -r .type | tail -n 1
}

@test "examples/inetd.conf serves a stage" {
	PATH=$PATH:/usr/sbin
	command -v inetd >/dev/null || skip 'no inetd'
	local port
	port=$(free_port)
	printf Hi | sp-pub -p "$P" -s s
	sed -e "s|8080|$port|; s|redis://127.0.0.1:6379|$REDIS_URL|; s|/usr/local/bin|$SPOUT_BUILD|" \
		-e "s| nobody | $(id -un) |" "$ROOT/examples/inetd.conf" >inetd.conf
	grep -q "$REDIS_URL" inetd.conf
	bg inetd inetd -i "$PWD/inetd.conf"
	wait_until 10 is_listened_on "$port"
	[ "$(serves_on "$port")" = stream_end ]
}

@test "examples/systemd: the units are valid" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	for unit in spout-sse.socket spout-sse@.service spout-server.socket spout-server.service; do
		sed "s|/usr/local/bin|$SPOUT_BUILD|" "$ROOT/examples/systemd/$unit" >"$unit"
	done
	ln -s spout-sse@.service spout-sse@1.service
	run -0 systemd-analyze verify --man=no ./spout-sse.socket ./spout-sse@1.service ./spout-server.socket ./spout-server.service
	[ -z "$output" ]
}

@test "examples/systemd: the service's command serves a stage on an accepted socket" {
	command -v systemd-socket-activate >/dev/null || skip 'no systemd-socket-activate'
	local port command
	port=$(free_port)
	printf Hi | sp-pub -p "$P" -s s
	echo "$REDIS_URL" >redis-url
	command=$(sed -n 's/^ExecStart=//p' "$ROOT/examples/systemd/spout-sse@.service")
	command=${command/'/usr/local/bin'/$SPOUT_BUILD} command=${command/'%d'/$PWD}
	# shellcheck disable=SC2086 # words
	bg activate systemd-socket-activate -l "127.0.0.1:$port" -a --inetd $command
	wait_until 10 is_listened_on "$port"
	[ "$(serves_on "$port")" = stream_end ]
}
