# Completes sp-sse in bash. Made by: sp-sse --completion=bash
_sp_sse_token()
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
	-p | --project)
		return
		;;
	-s | --stage)
		return
		;;
	-c | --channel)
		return
		;;
	--for)
		return
		;;
	--key)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='-p --project -s --stage -c --channel --pub --for --key -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_sse_doctor()
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
	--token)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--cafile)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--origin)
		return
		;;
	--idle)
		return
		;;
	-u | --url)
		return
		;;
	-c | --channel)
		return
		;;
	--namespace)
		return
		;;
	--timeout)
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		words='--token --cafile --origin --idle --probe -u --url -c --channel --namespace --timeout -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_sse()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	if ((COMP_CWORD > 1)) && declare -F "_sp_sse_${COMP_WORDS[1]}" >/dev/null; then
		"_sp_sse_${COMP_WORDS[1]}"
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
	-p | --project)
		return
		;;
	-s | --stage)
		return
		;;
	--namespace)
		return
		;;
	--since)
		return
		;;
	--listen)
		return
		;;
	--admin)
		return
		;;
	--socket-mode)
		return
		;;
	--workers)
		return
		;;
	--worker-timeout)
		return
		;;
	--drain)
		return
		;;
	--access-log)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--trust-proxy)
		return
		;;
	--heartbeat)
		return
		;;
	--retry)
		return
		;;
	--max-line)
		return
		;;
	--auth)
		mapfile -t COMPREPLY < <(compgen -W 'none' -- "$cur")
		return
		;;
	--key)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--allow)
		return
		;;
	--cors)
		return
		;;
	--max-header)
		return
		;;
	--header-timeout)
		return
		;;
	--write-timeout)
		return
		;;
	--max-connections)
		return
		;;
	--max-per-ip)
		return
		;;
	--max-accept-rate)
		return
		;;
	--max-lag)
		return
		;;
	--slow)
		mapfile -t COMPREPLY < <(compgen -W 'resume latest disconnect' -- "$cur")
		return
		;;
	--memory)
		return
		;;
	-u | --url)
		return
		;;
	--connect-timeout)
		return
		;;
	--timeout)
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
		words='-d --decode --meta --inetd -p --project -s --stage --namespace --since --listen --admin --socket-mode --workers --worker-timeout --drain --access-log --trust-proxy --event-names --heartbeat --retry --max-line --auth --insecure --key --allow --cors --max-header --header-timeout --write-timeout --max-connections --max-per-ip --max-accept-rate --max-lag --slow --memory -u --url --connect-timeout --timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words='token doctor'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sp_sse sp-sse
