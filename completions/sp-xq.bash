# Completes sp-xq in bash. Made by: sp-xq --completion=bash
_sp_xq_add()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-P | --priority)
		mapfile -t COMPREPLY < <(compgen -W 'high medium low' -- "$cur")
		return
		;;
	-d | --delay)
		return
		;;
	--at)
		return
		;;
	--id)
		return
		;;
	--unique)
		return
		;;
	--unique-for)
		return
		;;
	--retries)
		return
		;;
	--or-exec)
		return
		;;
	--spool)
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
		words='-q --queue --namespace -P --priority -d --delay --at --id --unique --unique-for --retries --or-exec --spool -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_work()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-j | --jobs)
		return
		;;
	-a | --args)
		return
		;;
	--batch)
		return
		;;
	--max-jobs)
		return
		;;
	--spool)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--lease)
		return
		;;
	--soft)
		return
		;;
	--hard)
		return
		;;
	--grace)
		return
		;;
	--retries)
		return
		;;
	--backoff)
		return
		;;
	--self-test)
		return
		;;
	--keep)
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
		words='-q --queue --namespace -j --jobs -a --args --pipe --batch --strict --drain --max-jobs --spool --lease --soft --hard --grace --retries --backoff --self-test --keep -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_take()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-n | --count)
		return
		;;
	-b | --block)
		return
		;;
	--lease)
		return
		;;
	--retries)
		return
		;;
	--consumer)
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
		words='-q --queue --namespace -n --count -b --block --lease --retries --strict --consumer -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_ack()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	--keep)
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
		words='-q --queue --namespace --keep -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_nack()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-d | --delay)
		return
		;;
	--retries)
		return
		;;
	--reason)
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
		words='-q --queue --namespace -d --delay --retries --release --dead --reason -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_extend()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_wait()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-w | --timeout)
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
		words='-q --queue --namespace -w --timeout -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_result()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_progress()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_cancel()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_stats()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	--watch)
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
		words='-q --queue --namespace --watch --json -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_pending()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_workers()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_doctor()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace --fix -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_dead()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-j | --jq)
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
		words='-q --queue --namespace -j --jq --all -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words='list retry drop'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_pause()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_resume()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_purge()
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
	-q | --queue)
		return
		;;
	--namespace)
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
		words='-q --queue --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_every()
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
	-q | --queue)
		return
		;;
	--namespace)
		return
		;;
	-P | --priority)
		mapfile -t COMPREPLY < <(compgen -W 'high medium low' -- "$cur")
		return
		;;
	--name)
		return
		;;
	--catch-up)
		mapfile -t COMPREPLY < <(compgen -W 'skip one all' -- "$cur")
		return
		;;
	--retries)
		return
		;;
	-n | --count)
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
		words='-q --queue --namespace -P --priority --name --catch-up --retries -n --count -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq_lock()
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
	-w | --wait)
		return
		;;
	-E | --conflict-exit-code)
		return
		;;
	--ttl)
		return
		;;
	--grace)
		return
		;;
	--namespace)
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
		words='-w --wait -n --nonblock -E --conflict-exit-code --ttl --grace --namespace -u --url --connect-timeout --command-timeout --give-up -v --verbose --quiet --log -h --help --version '
	else
		words=''
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
_sp_xq()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i
	COMPREPLY=()
	if ((COMP_CWORD > 1)) && declare -F "_sp_xq_${COMP_WORDS[1]}" >/dev/null; then
		"_sp_xq_${COMP_WORDS[1]}"
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
	esac
	if [[ $cur == -* ]]; then
		words='-h --help --version '
	else
		words='add work take ack nack extend wait result progress cancel stats pending workers doctor dead pause resume purge every lock'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sp_xq sp-xq
