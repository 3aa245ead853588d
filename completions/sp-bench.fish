# Completes sp-bench in fish. Made by: sp-bench --completion=fish
complete -c sp-bench -f
complete -c sp-bench -l rate -d 'messages a second, of all connections; of sse: connects a second; 0: as fast as it goes (1000)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l duration -d 'how long (10s)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l connections -d 'publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l size -d 'bytes of a message (200)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l channels -d 'channels to spread the messages over (one a connection)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l pipeline -d 'messages of one connection that may wait for an answer (1; 1000 with --rate 0); of xq: jobs that a worker takes at a time (1; 100)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l durable -d 'through the log, as sp-pub does; else PUBLISH alone' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s c -l channel -d 'channels are NAME:0, NAME:1 … (bench); of sse: NAME has {n} in it' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l publish-rate -d 'of sub and sse: publish the load itself, R a second; 0: as fast as it goes' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s n -l count -d 'of sub: end after N messages; of sse: publish N' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l redis -d 'where Redis is, since --url is the server ($REDIS_URL, else the private one)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l source -d 'addresses to come from: 127.0.0.2,127.1.0.0/24 (on loopback, what is needed)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l processes -d 'at least that many; each holds up to 19900 connections (what is needed)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s H -l header -d '"Name: value" in each request, {n} as in --url; may be repeated' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l publish -d 'publish the load through Redis (with --durable by sp-pub\'s script), or by POST; none: somebody else does (none)' -x -a 'none redis post' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l publish-url -d 'of --publish post: where to, with {n}; a message is the body' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l publish-connections -d 'of --publish post (1)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l streaming -d 'publish on the first N of the channels only (all)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l slow -d 'readers that read slowly (0)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l slow-rate -d 'bytes that each of them reads a second (1)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l stalled -d 'readers that stop reading (0)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l storm -d 'then close all at once, publish, and reconnect with Last-Event-ID' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l behind -d 'of --storm: messages a channel that they have missed (1000)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l retry -d 'a reader that is cut off comes back after D (1s)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l no-retry -d 'a reader that is cut off stays away' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l answer-timeout -d 'an answer that has not begun after D fails (10s)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l drain -d 'wait D for what was published to arrive (10s)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l json -d 'print the JSON also when standard output is a terminal' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l to -d 'of plot: the form (text on a terminal, else svg)' -x -a 'svg png text' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l give-up -d 'end with 69 after D without a server' -x -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s v -l verbose -d 'say more on stderr' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s q -l quiet -d 'say only errors' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l log -d 'how to write them: json is one object a line' -x -a 'text json' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -s h -l help -d 'print this help and exit' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -l version -d 'print the version and exit' -n 'not contains -- (commandline -opc)[2] pub sub pipe xq sse plot'
complete -c sp-bench -n 'test (count (commandline -opc)) -lt 2' -a 'pub sub pipe xq sse plot'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l rate -d 'messages a second, of all connections; of sse: connects a second; 0: as fast as it goes (1000)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l duration -d 'how long (10s)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l connections -d 'publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l size -d 'bytes of a message (200)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l channels -d 'channels to spread the messages over (one a connection)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l pipeline -d 'messages of one connection that may wait for an answer (1; 1000 with --rate 0); of xq: jobs that a worker takes at a time (1; 100)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l durable -d 'through the log, as sp-pub does; else PUBLISH alone'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -s c -l channel -d 'channels are NAME:0, NAME:1 … (bench); of sse: NAME has {n} in it' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l json -d 'print the JSON also when standard output is a terminal'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-bench -n 'contains -- pub (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l duration -d 'how long (10s)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l connections -d 'publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l size -d 'bytes of a message (200)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l channels -d 'channels to spread the messages over (one a connection)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l pipeline -d 'messages of one connection that may wait for an answer (1; 1000 with --rate 0); of xq: jobs that a worker takes at a time (1; 100)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l durable -d 'through the log, as sp-pub does; else PUBLISH alone'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -s c -l channel -d 'channels are NAME:0, NAME:1 … (bench); of sse: NAME has {n} in it' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l publish-rate -d 'of sub and sse: publish the load itself, R a second; 0: as fast as it goes' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -s n -l count -d 'of sub: end after N messages; of sse: publish N' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l json -d 'print the JSON also when standard output is a terminal'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-bench -n 'contains -- sub (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l rate -d 'messages a second, of all connections; of sse: connects a second; 0: as fast as it goes (1000)' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l duration -d 'how long (10s)' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l connections -d 'publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l size -d 'bytes of a message (200)' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l durable -d 'through the log, as sp-pub does; else PUBLISH alone'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -s c -l channel -d 'channels are NAME:0, NAME:1 … (bench); of sse: NAME has {n} in it' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l json -d 'print the JSON also when standard output is a terminal'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-bench -n 'contains -- pipe (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l rate -d 'messages a second, of all connections; of sse: connects a second; 0: as fast as it goes (1000)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l duration -d 'how long (10s)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l connections -d 'publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l size -d 'bytes of a message (200)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l pipeline -d 'messages of one connection that may wait for an answer (1; 1000 with --rate 0); of xq: jobs that a worker takes at a time (1; 100)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l json -d 'print the JSON also when standard output is a terminal'
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-bench -n 'contains -- xq (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -l to -d 'of plot: the form (text on a terminal, else svg)' -x -a 'svg png text'
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-bench -n 'contains -- plot (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l rate -d 'messages a second, of all connections; of sse: connects a second; 0: as fast as it goes (1000)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l duration -d 'how long (10s)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l connections -d 'publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l size -d 'bytes of a message (200)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l channels -d 'channels to spread the messages over (one a connection)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l durable -d 'through the log, as sp-pub does; else PUBLISH alone'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s c -l channel -d 'channels are NAME:0, NAME:1 … (bench); of sse: NAME has {n} in it' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l publish-rate -d 'of sub and sse: publish the load itself, R a second; 0: as fast as it goes' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s n -l count -d 'of sub: end after N messages; of sse: publish N' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l redis -d 'where Redis is, since --url is the server ($REDIS_URL, else the private one)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l source -d 'addresses to come from: 127.0.0.2,127.1.0.0/24 (on loopback, what is needed)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l processes -d 'at least that many; each holds up to 19900 connections (what is needed)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s H -l header -d '"Name: value" in each request, {n} as in --url; may be repeated' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l publish -d 'publish the load through Redis (with --durable by sp-pub\'s script), or by POST; none: somebody else does (none)' -x -a 'none redis post'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l publish-url -d 'of --publish post: where to, with {n}; a message is the body' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l publish-connections -d 'of --publish post (1)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l streaming -d 'publish on the first N of the channels only (all)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l slow -d 'readers that read slowly (0)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l slow-rate -d 'bytes that each of them reads a second (1)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l stalled -d 'readers that stop reading (0)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l storm -d 'then close all at once, publish, and reconnect with Last-Event-ID'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l behind -d 'of --storm: messages a channel that they have missed (1000)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l retry -d 'a reader that is cut off comes back after D (1s)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l no-retry -d 'a reader that is cut off stays away'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l answer-timeout -d 'an answer that has not begun after D fails (10s)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l drain -d 'wait D for what was published to arrive (10s)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l json -d 'print the JSON also when standard output is a terminal'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l hgrm -d 'write HdrHistogram\'s percentile text to FILE' -r -F
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s u -l url -d 'redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a private server' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l connect-timeout -d 'give up one attempt to connect after D (5s)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l command-timeout -d 'count the connection as lost when no answer comes for D (5s)' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l give-up -d 'end with 69 after D without a server' -x
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s v -l verbose -d 'say more on stderr'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s q -l quiet -d 'say only errors'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l log -d 'how to write them: json is one object a line' -x -a 'text json'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -s h -l help -d 'print this help and exit'
complete -c sp-bench -n 'contains -- sse (commandline -opc)[2]' -l version -d 'print the version and exit'
complete -c sp-bench -n 'contains -- -- (commandline -opc)' -x -a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $w[(math 1 + (contains -i -- -- $w))..-1])'
