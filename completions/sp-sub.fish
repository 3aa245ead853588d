# Completes sp-sub in fish. Made by: sp-sub --completion=fish
complete -c sp-sub -f
complete -c sp-sub -s c -l channel -d 'a channel, by its full name; may be repeated' -x
complete -c sp-sub -s P -l pattern -d 'channels that match, as PSUBSCRIBE has it' -x
complete -c sp-sub -s p -l project -d 'the project\'s id' -x
complete -c sp-sub -s s -l stage -d 'the stage\'s name' -x
complete -c sp-sub -l namespace -d 'first part of project channels ($SP_NAMESPACE, else sp)' -x
complete -c sp-sub -l since -d 'run: the latest run from its start (default with one stage); now (default otherwise); 0: all of the log; an id: what follows it; a duration: the last 5m' -x
complete -c sp-sub -s n -l count -d 'stop after N messages' -x
complete -c sp-sub -s w -l timeout -d 'stop with 75 after D without a message' -x
complete -c sp-sub -l until -d 'stop after a message of this type (done,error with one stage); 1 after an error' -x
complete -c sp-sub -s F -l follow -d 'never stop by itself'
complete -c sp-sub -s x -l text -d 'print only the text of tokens'
complete -c sp-sub -s j -l jq -d 'print what a jq filter makes of each message' -x
complete -c sp-sub -s r -l raw -d 'with -j: print strings without quotes'
complete -c sp-sub -l strict -d 'end with 65 when the filter fails on a message'
complete -c sp-sub -l cursor -d 'begin behind the id in FILE, and keep it current' -r -F
complete -c sp-sub -l exec -d 'run CMD for each message instead, the message on its input' -x
complete -c sp-sub -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-sub -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-sub -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-sub -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-sub -s v -l verbose -d 'say more on stderr'
complete -c sp-sub -s q -l quiet -d 'say only errors'
complete -c sp-sub -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-sub -s h -l help -d 'print this help and exit'
complete -c sp-sub -l version -d 'print the version and exit'
complete -c sp-sub -n 'contains -- -- (commandline -opc)' -x -a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $w[(math 1 + (contains -i -- -- $w))..-1])'
