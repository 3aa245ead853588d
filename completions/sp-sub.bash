# Completes sp-sub in bash. Made by: sp-sub --completion=bash
_sp_sub()
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
	-P | --pattern)
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
	--since)
		return
		;;
	-n | --count)
		return
		;;
	-w | --timeout)
		return
		;;
	--until)
		return
		;;
	-j | --jq)
		return
		;;
	--cursor)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--exec)
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
		words='-c --channel -P --pattern -p --project -s --stage --namespace --since -n --count -w --timeout --until -F --follow -x --text -j --jq -r --raw --strict --cursor --exec -u --url --connect-timeout --command-timeout --give-up -v --verbose -q --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sp_sub sp-sub
