# Completes sp-xq in fish. Made by: sp-xq --completion=fish
complete -c sp-xq -f
complete -c sp-xq -s h -l help -d 'print this help and exit'
complete -c sp-xq -l version -d 'print the version and exit'
complete -c sp-xq -n 'not contains -- -- (commandline -opc)' -a 'add work take ack nack extend wait result progress cancel stats pending workers doctor dead pause resume purge every lock'
complete -c sp-xq -n 'contains -- -- (commandline -opc)' -x -a '(__fish_complete_subcommand)'
