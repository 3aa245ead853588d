# Completes sp-pub in bash. Made by: sp-pub --completion=bash
_sp_pub()
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
	-c | --channel)
		return
		;;
	-p | --project)
		return
		;;
	-s | --stage)
		return
		;;
	--namespace)
		return
		;;
	-f | --from)
		mapfile -t COMPREPLY < <(compgen -W 'text lines json openai responses anthropic gemini ollama cohere auto' -- "$cur")
		return
		;;
	-b | --batch)
		return
		;;
	-l | --linger)
		return
		;;
	--max-line)
		return
		;;
	-j | --jq)
		return
		;;
	--full-text)
		mapfile -t COMPREPLY < <(compgen -W 'none done each' -- "$cur")
		return
		;;
	--maxlen)
		return
		;;
	--ttl)
		return
		;;
	--buffer)
		return
		;;
	--spool)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--idle-stop)
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
		words='-c --channel -p --project -s --stage --namespace -f --from --reasoning -b --batch -l --linger --max-line -j --jq --strict --full-text -e --ephemeral --maxlen --ttl --no-end --exclusive --buffer --spool --stop --idle-stop -t --tee -i --ids -u --url --connect-timeout --timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words='token stage_update progress done error'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sp_pub sp-pub
