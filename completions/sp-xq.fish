# Completes sp-xq in fish. Made by: sp-xq --completion=fish
complete -c sp-xq -f
complete -c sp-xq -s h -l help -d 'print this help and exit' -n 'not contains -- (commandline -opc)[2] add work take ack nack extend wait result progress cancel stats pending workers doctor dead pause resume purge every lock'
complete -c sp-xq -l version -d 'print the version and exit' -n 'not contains -- (commandline -opc)[2] add work take ack nack extend wait result progress cancel stats pending workers doctor dead pause resume purge every lock'
complete -c sp-xq -n 'test (count (commandline -opc)) -lt 2' -a 'add work take ack nack extend wait result progress cancel stats pending workers doctor dead pause resume purge every lock'
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -s P -l priority -d 'which of the three (medium)' -x -a 'high medium low'
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -s d -l delay -d 'not before D from now' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l at -d 'not before TIME: seconds since 1970, or as 2026-11-20T18:00:00Z' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l id -d 'the job\'s id; added only when no job has it, or had it lately' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l unique -d 'added only when no job was added with KEY within --unique-for' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l unique-for -d 'how long KEY is taken' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l retries -d 'attempts behind the first (else the worker\'s choice)' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l or-exec -d 'run the job here: CMD in a shell, the job on its standard input' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l spool -d 'keep the jobs in FILE: the next add or work with it delivers them' -r -F
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- add (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -s q -l queue -d 'a queue\'s name (default); may be repeated: each gets its turn' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l namespace -d 'first part of the queues\' keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -s j -l jobs -d 'run up to N at a time (1)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -s a -l args -d 'append what this jq filter makes of a job to COMMAND\'s arguments' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l pipe -d 'keep one COMMAND for each slot; it answers each line with a line'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l batch -d 'give COMMAND up to N jobs at a time (1)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l strict -d 'low only when there is no medium, medium only when there is no high (else 6:3:1)'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l drain -d 'leave when nothing is left to do'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l max-jobs -d 'leave after N jobs' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l spool -d 'deliver the jobs that add --spool FILE kept while Redis was away' -r -F
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l lease -d 'others get a job D after its worker was last heard of (30s)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l soft -d 'send TERM to a job after D' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l hard -d 'kill a job after D' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l grace -d 'between TERM and KILL, and for what runs when the worker is stopped (5s)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l retries -d 'attempts behind the first, for jobs that do not say (3)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l backoff -d 'wait before the first retry and the longest wait (1s..10m)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l self-test -d 'leave with 69 when Redis answers but wakes us no more for D (30s)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l keep -d 'keep results for D (1h)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- work (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -s n -l count -d 'take up to N jobs (1)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -s b -l block -d 'wait up to D for a job, then end with 75 (0: end with 1)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l lease -d 'others get the jobs after D unless extend, ack or nack comes before (30s)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l retries -d 'attempts behind the first, for jobs that do not say (3)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l strict -d 'low only when there is no medium, medium only when there is no high (else 6:3:1)'
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l consumer -d 'who takes (hand)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- take (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l keep -d 'keep the results for D (1h)' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- ack (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -s d -l delay -d 'try again after D (else 1s, doubled after each attempt, with jitter)' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l retries -d 'attempts behind the first, for jobs that do not say (3); then they are dead' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l release -d 'no attempt is spent'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l dead -d 'no further attempt: dead at once'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l reason -d 'what the history tells' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- nack (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- extend (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -s w -l timeout -d 'end with 75 after D' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- wait (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- result (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- progress (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- cancel (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l watch -d 'again every D' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l json -d 'as a line of JSON'
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- stats (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- pending (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- workers (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l fix -d 'repair what can be repaired in the queue'
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- doctor (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -s j -l jq -d 'list: print what a jq filter makes of each; retry, drop: those for which it gives anything but false and null' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l all -d 'retry, drop: all of them'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- dead (commandline -opc)[2]' -a 'list retry drop'
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- pause (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- resume (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- purge (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -s q -l queue -d 'the queue\'s name (default)' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l namespace -d 'first part of the queue\'s keys ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -s P -l priority -d 'of the jobs' -x -a 'high medium low'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l name -d 'the schedule\'s name: replicas have the same (made of schedule and job)' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l catch-up -d 'ticks that were missed while nobody ran: none, the last, or all of them' -x -a 'skip one all'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l retries -d 'attempts behind the first (the worker\'s choice)' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -s n -l count -d 'leave after having added N jobs' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- every (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -s w -l wait -d 'give up after D without the lock (for ever)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -s n -l nonblock -d 'do not wait for it at all'
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -s E -l conflict-exit-code -d 'the status when somebody else has it (1)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l ttl -d 'others get it D after its holder was last heard of (30s)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l grace -d 'between TERM and KILL when the lock is lost (5s)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l namespace -d 'first part of the lock\'s key ($SP_NAMESPACE, else sp)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l quiet -d 'say only errors'
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-xq -n 'contains -- lock (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-xq -n 'contains -- -- (commandline -opc)' -x -a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $w[(math 1 + (contains -i -- -- $w))..-1])'
