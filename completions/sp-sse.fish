# Completes sp-sse in fish. Made by: sp-sse --completion=fish
complete -c sp-sse -f
complete -c sp-sse -s d -l decode -d 'read events, write a line each'
complete -c sp-sse -l meta -d 'with -d: wrap each event as {"id","event","data"}'
complete -c sp-sse -l inetd -d 'serve one HTTP exchange on standard input and output'
complete -c sp-sse -s p -l project -d 'the project\'s id' -x
complete -c sp-sse -s s -l stage -d 'the stage\'s name' -x
complete -c sp-sse -l namespace -d 'first part of project channels ($SP_NAMESPACE, else sp)' -x
complete -c sp-sse -l since -d 'with -p: run, now, 0, an id or a duration, as for sp-sub' -x
complete -c sp-sse -l listen -d 'serve HTTP on HOST:PORT, [::1]:PORT or unix:PATH; may be repeated' -x
complete -c sp-sse -l admin -d 'serve /healthz, /readyz, /status and /metrics there instead' -x
complete -c sp-sse -l socket-mode -d 'permissions of Unix sockets, in octal (by the umask)' -x
complete -c sp-sse -l workers -d 'serve in N processes (1)' -x
complete -c sp-sse -l worker-timeout -d 'replace a worker that hangs for D (30s)' -x
complete -c sp-sse -l drain -d 'after TERM, spread the readers\' leaving over D (5s)' -x
complete -c sp-sse -l access-log -d 'write a JSON line for each request; - is standard error' -r -F
complete -c sp-sse -l trust-proxy -d 'believe X-Forwarded-For from this network, or unix; may be repeated' -x
complete -c sp-sse -l event-names -d 'add event: from each message\'s type'
complete -c sp-sse -l heartbeat -d 'send a comment after D of silence (15s)' -x
complete -c sp-sse -l retry -d 'tell readers to come back D after a loss (2s)' -x
complete -c sp-sse -l max-line -d 'refuse longer lines and events (1m)' -x
complete -c sp-sse -l auth -d 'none: everybody may read, from this machine only' -x -a 'none'
complete -c sp-sse -l insecure -d 'with --auth none: from any machine'
complete -c sp-sse -l key -d 'serve those whose token this key has signed: a public key in PEM, or a secret; may be repeated' -r -F
complete -c sp-sse -l allow -d 'serve channels that match on the channel route; may be repeated' -x
complete -c sp-sse -l cors -d 'let pages from this origin read; may be repeated' -x
complete -c sp-sse -l max-header -d 'of a request head (8k)' -x
complete -c sp-sse -l header-timeout -d 'for the request head to come (10s)' -x
complete -c sp-sse -l write-timeout -d 'leave a reader that takes nothing for D (30s)' -x
complete -c sp-sse -l max-connections -d 'of all workers (what the limit of open files allows)' -x
complete -c sp-sse -l max-per-ip -d 'connections of one address, in each worker (no limit)' -x
complete -c sp-sse -l max-accept-rate -d 'new connections a second; more wait (no limit)' -x
complete -c sp-sse -l max-lag -d 'of a channel\'s recent events, kept for slow readers (1m)' -x
complete -c sp-sse -l slow -d 'when a reader lags more: from the log, the latest, or out' -x -a 'resume latest disconnect'
complete -c sp-sse -l memory -d 'for all that is kept for readers (256m)' -x
complete -c sp-sse -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-sse -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-sse -l timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-sse -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-sse -s v -l verbose -d 'say more on stderr'
complete -c sp-sse -s q -l quiet -d 'say only errors'
complete -c sp-sse -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-sse -s h -l help -d 'print this help and exit'
complete -c sp-sse -l version -d 'print the version and exit'
complete -c sp-sse -n 'not contains -- -- (commandline -opc)' -a 'token doctor'
complete -c sp-sse -n 'contains -- -- (commandline -opc)' -x -a '(__fish_complete_subcommand)'
