# Completes sp-bench in fish. Made by: sp-bench --completion=fish
complete -c sp-bench -f
complete -c sp-bench -l rate -d 'messages a second, of all connections; 0: as fast as it goes (1000)' -x
complete -c sp-bench -l duration -d 'how long (10s)' -x
complete -c sp-bench -l connections -d 'publishers; of sub: readers; of pipe: pipelines (1)' -x
complete -c sp-bench -l size -d 'bytes of a message (200)' -x
complete -c sp-bench -l channels -d 'channels to spread the messages over (one a connection)' -x
complete -c sp-bench -l pipeline -d 'messages of one connection that may wait for an answer (1; 256 with --rate 0)' -x
complete -c sp-bench -l durable -d 'through the log, as sp-pub does; else PUBLISH alone'
complete -c sp-bench -s c -l channel -d 'channels are NAME:0, NAME:1 … (bench)' -x
complete -c sp-bench -l publish-rate -d 'of sub: publish the load itself, R a second; 0: as fast as it goes' -x
complete -c sp-bench -s n -l count -d 'of sub: end after N messages' -x
complete -c sp-bench -l json -d 'print the JSON also when standard output is a terminal'
complete -c sp-bench -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F
complete -c sp-bench -l to -d 'of plot: the form (text on a terminal, else svg)' -x -a 'svg png text'
complete -c sp-bench -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-bench -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -s q -l quiet -d 'say only errors'
complete -c sp-bench -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -s h -l help -d 'print this help and exit'
complete -c sp-bench -l version -d 'print the version and exit'
complete -c sp-bench -n 'not contains -- -- (commandline -opc)' -a 'pub sub pipe plot'
complete -c sp-bench -n 'contains -- -- (commandline -opc)' -x -a '(__fish_complete_subcommand)'
