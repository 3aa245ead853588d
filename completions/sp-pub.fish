# Completes sp-pub in fish. Made by: sp-pub --completion=fish
complete -c sp-pub -f
complete -c sp-pub -s c -l channel -d 'the channel, by its full name' -x
complete -c sp-pub -s p -l project -d 'the project\'s id' -x
complete -c sp-pub -s s -l stage -d 'the stage\'s name' -x
complete -c sp-pub -l namespace -d 'first part of project channels ($SP_NAMESPACE, else sp)' -x
complete -c sp-pub -s f -l from -d 'text: what each read gives is a token; lines: each line is; json: each line is a message; else a provider\'s raw stream, auto: whichever it is' -x -a 'text lines json openai responses anthropic gemini ollama cohere auto'
complete -c sp-pub -l reasoning -d 'publish a provider\'s reasoning too, as type reasoning'
complete -c sp-pub -s b -l batch -d 'join up to N tokens to one (1); the first goes at once' -x
complete -c sp-pub -s l -l linger -d 'let a token wait at most D for others (0)' -x
complete -c sp-pub -l max-line -d 'refuse longer lines (1m; 16m from providers)' -x
complete -c sp-pub -s j -l jq -d 'publish what a jq filter makes of each message; no output drops it' -x
complete -c sp-pub -l strict -d 'end with 65 when the filter fails on a message'
complete -c sp-pub -l full-text -d 'whether done, or each token, carries the whole text so far (done)' -x -a 'none done each'
complete -c sp-pub -s e -l ephemeral -d 'PUBLISH only: keep no log'
complete -c sp-pub -l maxlen -d 'keep about N messages in the log (10000; 0: all)' -x
complete -c sp-pub -l ttl -d 'drop the log D after the last message (24h; 0: never)' -x
complete -c sp-pub -l no-end -d 'publish no done or error at the end'
complete -c sp-pub -l exclusive -d 'be the channel\'s only publisher, or end with 75'
complete -c sp-pub -l buffer -d 'keep up to SIZE, then stop reading (64m)' -x
complete -c sp-pub -l spool -d 'keep it in FILE too: the next start sends what a crash left' -r -F
complete -c sp-pub -l stop -d 'ask the channel\'s running publisher to stop; 1 when there is none'
complete -c sp-pub -l idle-stop -d 'stop when nobody has been subscribed for D' -x
complete -c sp-pub -s t -l tee -d 'write the input to standard output too'
complete -c sp-pub -s i -l ids -d 'print each message\'s sp object once it is acknowledged'
complete -c sp-pub -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-pub -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-pub -l timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-pub -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-pub -s v -l verbose -d 'say more on stderr'
complete -c sp-pub -s q -l quiet -d 'say only errors'
complete -c sp-pub -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-pub -s h -l help -d 'print this help and exit'
complete -c sp-pub -l version -d 'print the version and exit'
complete -c sp-pub -n 'not contains -- -- (commandline -opc)' -a 'token stage_update progress done error'
complete -c sp-pub -n 'contains -- -- (commandline -opc)' -x -a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $w[(math 1 + (contains -i -- -- $w))..-1])'
