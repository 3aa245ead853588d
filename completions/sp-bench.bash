# Completes sp-bench in bash. Made by: sp-bench --completion=bash
_sp_bench_pub()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--rate)
		return
		;;
	--duration)
		return
		;;
	--connections)
		return
		;;
	--size)
		return
		;;
	--channels)
		return
		;;
	--pipeline)
		return
		;;
	-c | --channel)
		return
		;;
	--hgrm)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--rate --duration --connections --size --channels --pipeline --durable -c --channel --json --hgrm -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_bench_sub()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--duration)
		return
		;;
	--connections)
		return
		;;
	--size)
		return
		;;
	--channels)
		return
		;;
	--pipeline)
		return
		;;
	-c | --channel)
		return
		;;
	--publish-rate)
		return
		;;
	-n | --count)
		return
		;;
	--hgrm)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--duration --connections --size --channels --pipeline --durable -c --channel --publish-rate -n --count --json --hgrm -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_bench_pipe()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--rate)
		return
		;;
	--duration)
		return
		;;
	--connections)
		return
		;;
	--size)
		return
		;;
	-c | --channel)
		return
		;;
	--hgrm)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--rate --duration --connections --size --durable -c --channel --json --hgrm -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_bench_xq()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--rate)
		return
		;;
	--duration)
		return
		;;
	--connections)
		return
		;;
	--size)
		return
		;;
	--pipeline)
		return
		;;
	--hgrm)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--rate --duration --connections --size --pipeline --json --hgrm -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_bench_plot()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--to)
		mapfile -t COMPREPLY < <(compgen -W 'svg png text' -- "$cur")
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--to --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_bench_sse()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--rate)
		return
		;;
	--duration)
		return
		;;
	--connections)
		return
		;;
	--size)
		return
		;;
	--channels)
		return
		;;
	-c | --channel)
		return
		;;
	--publish-rate)
		return
		;;
	-n | --count)
		return
		;;
	--redis)
		return
		;;
	--source)
		return
		;;
	--processes)
		return
		;;
	-H | --header)
		return
		;;
	--publish)
		mapfile -t COMPREPLY < <(compgen -W 'none redis post' -- "$cur")
		return
		;;
	--publish-url)
		return
		;;
	--publish-connections)
		return
		;;
	--streaming)
		return
		;;
	--slow)
		return
		;;
	--slow-rate)
		return
		;;
	--stalled)
		return
		;;
	--behind)
		return
		;;
	--retry)
		return
		;;
	--answer-timeout)
		return
		;;
	--drain)
		return
		;;
	--hgrm)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--rate --duration --connections --size --channels --durable -c --channel --publish-rate -n --count --redis --source --processes -H --header --publish --publish-url --publish-connections --streaming --slow --slow-rate --stalled --storm --behind --retry --no-retry --answer-timeout --drain --json --hgrm -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_bench()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	if ((COMP_CWORD > 1)) && declare -F "_sp_bench_${COMP_WORDS[1]}" >/dev/null; then
		"_sp_bench_${COMP_WORDS[1]}"
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		else
			compopt -o default 2>/dev/null
			((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		return
	done
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--rate)
		return
		;;
	--duration)
		return
		;;
	--connections)
		return
		;;
	--size)
		return
		;;
	--channels)
		return
		;;
	--pipeline)
		return
		;;
	-c | --channel)
		return
		;;
	--publish-rate)
		return
		;;
	-n | --count)
		return
		;;
	--redis)
		return
		;;
	--source)
		return
		;;
	--processes)
		return
		;;
	-H | --header)
		return
		;;
	--publish)
		mapfile -t COMPREPLY < <(compgen -W 'none redis post' -- "$cur")
		return
		;;
	--publish-url)
		return
		;;
	--publish-connections)
		return
		;;
	--streaming)
		return
		;;
	--slow)
		return
		;;
	--slow-rate)
		return
		;;
	--stalled)
		return
		;;
	--behind)
		return
		;;
	--retry)
		return
		;;
	--answer-timeout)
		return
		;;
	--drain)
		return
		;;
	--hgrm)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--to)
		mapfile -t COMPREPLY < <(compgen -W 'svg png text' -- "$cur")
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--command-timeout)
		return
		;;
	--give-up)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--rate --duration --connections --size --channels --pipeline --durable -c --channel --publish-rate -n --count --redis --source --processes -H --header --publish --publish-url --publish-connections --streaming --slow --slow-rate --stalled --storm --behind --retry --no-retry --answer-timeout --drain --json --hgrm --to -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words='pub sub pipe xq sse plot'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sp_bench sp-bench
