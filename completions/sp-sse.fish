# Completes sp-sse in fish. Made by: sp-sse --completion=fish
complete -c sp-sse -f
complete -c sp-sse -s d -l decode -d 'read events, write a line each' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l meta -d 'with -d: wrap each event as {"id","event","data"}' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l inetd -d 'serve one HTTP exchange on standard input and output' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -s p -l project -d 'the project\'s id' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -s s -l stage -d 'the stage\'s name' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l namespace -d 'first part of project channels ($SP_NAMESPACE, else sp)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l since -d 'with -p: run, now, 0, an id or a duration, as for sp-sub' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l listen -d 'serve HTTP on HOST:PORT, [::1]:PORT or unix:PATH; may be repeated' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l admin -d 'serve /healthz, /readyz, /status and /metrics there instead' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l socket-mode -d 'permissions of Unix sockets, in octal (by the umask)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l workers -d 'serve in N processes (1)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l worker-timeout -d 'replace a worker that hangs for D (30s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l drain -d 'after TERM, spread the readers\' leaving over D (5s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l access-log -d 'write a JSON line for each request; - is standard error' -r -F -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l trust-proxy -d 'believe X-Forwarded-For from this network, or unix; may be repeated' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l event-names -d 'add event: from each message\'s type' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l heartbeat -d 'send a comment after D of silence (15s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l retry -d 'tell readers to come back D after a loss (2s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l max-line -d 'refuse longer lines and events (1m)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l auth -d 'none: everybody may read, from this machine only' -x -a 'none' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l insecure -d 'with --auth none: from any machine' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l key -d 'serve those whose token this key has signed: a public key in PEM, or a secret; may be repeated' -r -F -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l allow -d 'serve channels that match on the channel route; may be repeated' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l cors -d 'let pages from this origin read; may be repeated' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l max-header -d 'of a request head (8k)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l header-timeout -d 'for the request head to come (10s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l write-timeout -d 'leave a reader that takes nothing for D (30s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l max-connections -d 'of all workers (what the limit of open files allows)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l max-per-ip -d 'connections of one address, in each worker (no limit)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l max-accept-rate -d 'new connections a second; more wait (no limit)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l max-lag -d 'of a channel\'s recent events, kept for slow readers (1m)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l slow -d 'when a reader lags more: from the log, the latest, or out' -x -a 'resume latest disconnect' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l memory -d 'for all that is kept for readers (256m)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l timeout -d 'count the connection as lost when no answer comes for D (5s)' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l give-up -d 'end with 69 after D without a server' -x -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -s v -l verbose -d 'say more on stderr' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -s q -l quiet -d 'say only errors' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l log -d 'how to write them: json is one object a line' -x -a 'text json' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -s h -l help -d 'print this help and exit' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -l version -d 'print the version and exit' -n 'not contains -- (commandline -opc)[2] token doctor'
complete -c sp-sse -n 'test (count (commandline -opc)) -lt 2' -a 'token doctor'
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -s p -l project -d 'let read this project; * in it stands for anything' -x
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -s s -l stage -d 'this stage of it; without, all of them' -x
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -s c -l channel -d 'let read this channel; * in it stands for anything; may be repeated' -x
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -l pub -d 'let publish and stop there, too'
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -l for -d 'how long the token is valid' -x
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -l key -d 'sign with this private key in PEM, or secret' -r -F
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-sse -n 'contains -- token (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l token -d 'send the token in FILE' -r -F
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l cafile -d 'trust the authorities in FILE, in PEM, instead of the machine\'s' -r -F
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l origin -d 'test whether a page of this origin may read' -x
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l idle -d 'look on for D to see whether somebody cuts the stream' -x
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l probe -d 'publish three messages by POST (readers see them) and wait for each'
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -s u -l url -d 'publish the probes in this Redis, the server\'s: redis://, unix://, or @FILE' -x
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -s c -l channel -d 'with -u: on this channel, when the path does not tell' -x
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l namespace -d 'with -u: first part of project channels ($SP_NAMESPACE, else sp)' -x
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l timeout -d 'how long to wait for an answer or an event (5s)' -x
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-sse -n 'contains -- doctor (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-sse -n 'contains -- -- (commandline -opc)' -x -a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $w[(math 1 + (contains -i -- -- $w))..-1])'
