# Completes sp-local in fish. Made by: sp-local --completion=fish
complete -c sp-local -f
complete -c sp-local -s v -l verbose -d 'say more on stderr'
complete -c sp-local -s q -l quiet -d 'say only errors'
complete -c sp-local -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-local -s h -l help -d 'print this help and exit'
complete -c sp-local -l version -d 'print the version and exit'
complete -c sp-local -n 'not contains -- -- (commandline -opc)' -a 'start stop status url cli'
complete -c sp-local -n 'contains -- -- (commandline -opc)' -x -a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $w[(math 1 + (contains -i -- -- $w))..-1])'
