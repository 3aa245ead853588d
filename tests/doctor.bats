#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# doctor: sp-sse doctor finds what nginx does to a stream, and nothing where nothing is wrong.

load helpers
load http
load server
load docs

# nginx on $web, with a way to spoil the stream for each location, in front of sp-sse --inetd on $port.
serve_behind_nginx() { # OPTION...
	PATH=$PATH:/usr/sbin
	command -v nginx >/dev/null || skip 'NOT TESTED: no nginx'
	"${serve_by-serve_tcp}" "$@"
	web=$(free_port)
	cat >nginx.conf <<-END
		daemon off; master_process off; pid $PWD/nginx.pid; error_log $PWD/nginx.log;
		events { worker_connections 64; }
		http {
			access_log off; client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3;
			uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
			server {
				listen 127.0.0.1:$web;
				proxy_http_version 1.1;
				proxy_set_header Connection "";
				location /good/ { proxy_pass http://127.0.0.1:$port/; }
				location /buffered/ { proxy_pass http://127.0.0.1:$port/; proxy_ignore_headers X-Accel-Buffering; }
				location /gzip/ { proxy_pass http://127.0.0.1:$port/; gzip on; gzip_proxied any;
					gzip_types text/event-stream; }
				location /short/ { proxy_pass http://127.0.0.1:$port/; proxy_read_timeout 2s; }
				location /forgetful/ { proxy_pass http://127.0.0.1:$port/; proxy_set_header Last-Event-ID ""; }
				location /uncached/ { proxy_pass http://127.0.0.1:$port/; proxy_hide_header Cache-Control; }
				location /weak/ { proxy_pass http://127.0.0.1:$port/; proxy_hide_header Cache-Control;
					add_header Cache-Control no-cache; }
				location /nocors/ { proxy_pass http://127.0.0.1:$port/;
					if (\$request_method = OPTIONS) { return 204; } }
				location /away/ { proxy_pass http://127.0.0.1:1/; }
				location /moved/ { return 301 http://127.0.0.1:$web/good/; }
				location /page/ { add_header Cache-Control no-cache; return 200 "hello"; }
			}
		}
	END
	bg nginx nginx -p "$PWD" -c "$PWD/nginx.conf"
	wait_until 10 is_listened_on "$web"
}

# The findings are in $output.
doctor() { # STATUS LOCATION [OPTION...]
	local want=$1 path=${path-$(project_path)}
	run --separate-stderr sp-sse doctor --timeout "${late-10s}" "${@:3}" "http://127.0.0.1:$web${2:+/$2}$path"
	[[ $status -eq $want ]] || { echo "status $status for $2:" "$output" "$stderr" >&2; return 1; }
}

finds() { # LEVEL WHAT [TEXT]
	grep -qE "^$1 +$2 .*${3-}" <<<"$output" || { echo "no <$1 $2 ${3-}> in:" "$output" >&2; return 1; }
}

@test "behind an nginx as it is installed nothing is wrong" {
	serve_behind_nginx --cors https://a.example
	doctor 0 good --origin https://a.example
	finds ok version 'HTTP/1.1, chunked'
	finds ok compression
	finds ok caching
	finds ok buffering 'came [0-9]+ ms'
	finds ok resume
	finds ok CORS
	[[ $output != *bad* && $output != *warn* ]]
}

@test "a stage whose run is over is examined too" {
	serve_behind_nginx
	publish_run a b
	path=$(stage_path) doctor 0 good --idle 1s
	finds ok buffering
	finds ok resume
	finds - end 'run has ended'
	path=$(stage_path) doctor 1 forgetful
	finds bad resume
}

@test "nothing in between, and nothing is wrong" {
	serve_tcp
	web=$port
	doctor 0 ''
	finds ok version 'until the connection closes'
	finds - CORS 'not tested'
}

@test "a buffer that ignores X-Accel-Buffering is found" {
	serve_behind_nginx
	late=2s doctor 1 buffered
	finds bad buffering 'keeps all'
	[[ $output == *'proxy_buffering off'* ]]
}

@test "compression is found" {
	serve_behind_nginx
	doctor 1 gzip
	finds bad compression gzip
	[[ $output == *'gzip off'* ]]
	finds ok buffering
}

@test "an idle cut is found when one waits for it, and heartbeats prevent it" {
	serve_behind_nginx
	doctor 1 short --idle 6s
	finds bad idle 'cut after'
	[[ $output == *proxy_read_timeout* ]]
	end_process "$server_pid" KILL
	serve_behind_nginx --heartbeat 500ms
	doctor 0 short --idle 4s
	finds ok idle
}

@test "a dropped Last-Event-ID, missing headers and a preflight that is answered in between are found" {
	serve_behind_nginx --cors https://a.example
	doctor 1 forgetful
	finds bad resume 'does not reach'
	doctor 1 uncached
	finds bad caching
	doctor 0 weak
	finds warn caching no-transform
	doctor 1 nocors --origin https://a.example
	finds bad CORS preflight
	doctor 1 good --origin https://b.example
	finds bad CORS
}

@test "what is no stream is told with its status" {
	serve_behind_nginx
	doctor 1 away
	finds bad status '502'
	doctor 1 moved
	finds bad status '301'
	doctor 1 page
	finds bad type
	finds bad length
	path=/nowhere doctor 1 good
	finds bad status 404
}

@test "--token is sent, and never said; without it there is 401" {
	openssl rand -hex 32 >key
	chmod 600 key
	serve_behind_nginx --key "$PWD/key"
	doctor 1 good
	finds bad status 401
	sp-sse token -p "$P" --for 5m --key key >token
	doctor 0 good --token token
	finds ok resume
	[[ $output$stderr != *"$(cut -d. -f2 token)"* ]]
	# --inetd publishes nothing.
	path=$(stage_path) doctor 0 good --token token --probe
	finds - probe 403
}

@test "the server, and the server behind nginx: nothing is wrong, probes by POST come, and a cut is found" {
	openssl rand -hex 32 >key
	chmod 600 key
	sp-sse token -p "$P" --for 5m --key key >reads
	sp-sse token --pub -p "$P" --for 5m --key key >writes
	serve_by=listen serve_behind_nginx --key key --cors https://a.example
	local direct=$port where
	publish_run a b
	for where in good ''; do
		[[ -n $where ]] || web=$direct
		doctor 0 "$where" --token reads --origin https://a.example
		finds ok version
		finds ok caching
		finds ok CORS
		path=$(stage_path) doctor 0 "$where" --token reads --idle 1s
		finds ok buffering
		finds ok resume
		path=$(stage_path new) doctor 0 "$where" --token writes --probe
		finds ok probe '3 messages'
		path=$(stage_path new) doctor 0 "$where" --token reads --probe
		finds - probe 403
		doctor 1 "$where"
		finds bad status 401
	done
	[[ $(status_of .published_total) -eq 6 ]]
}

@test "the server behind a buffer that keeps what it sends: the probes do not come" {
	openssl rand -hex 32 >key
	chmod 600 key
	sp-sse token --pub -p "$P" --for 5m --key key >writes
	serve_by=listen serve_behind_nginx --key key
	path=$(stage_path) late=2s doctor 1 buffered --token writes --probe
	finds bad buffering
	doctor 1 short --token writes --idle 6s
	finds bad idle 'cut after'
}

# doctor-peer.py on $web.
peer() { # HOW
	web=$(free_port)
	bg "$1" "$PYTHON" -I -S "$ROOT/tests/doctor-peer.py" "$web" "$1"
	wait_until 10 is_listened_on "$web"
}

@test "probes are published and waited for; a proxy that keeps them back is found" {
	peer prompt
	doctor 0 '' --probe
	finds ok probe '3 messages .*by POST'
	peer lazy
	late=2s doctor 1 '' --probe
	finds bad probe 'did not come'
}

@test "a server that is wrong by itself: its type, its compression, its memory" {
	peer html
	doctor 1 ''
	finds bad type 'text/html is not text/event-stream'
	peer gzip
	doctor 1 ''
	finds bad compression gzip
	finds ok buffering # without an offer it does not compress
	peer forgetful
	doctor 1 ''
	finds bad resume 'starts anew'
	peer once
	doctor 0 ''
	finds ok version
}

@test "a server that closes, or resets, after two seconds" {
	for how in closes resets; do
		peer "$how"
		doctor 1 '' --idle 5s
		finds bad idle 'cut after'
		[[ $output == *proxy_read_timeout* ]]
	done
}

@test "a stream that is silent is told to need heartbeats" {
	peer prompt
	doctor 0 '' --idle 16s
	finds ok idle 'longest silence was 1[67]'
	finds warn heartbeat 'none in 16'
}

@test "-u: the probes go into Redis, by the channel that the path names, and leave nothing there" {
	serve_by=listen serve_behind_nginx --allow 'chat*' --namespace other
	local channel path
	while read -r channel path; do
		# shellcheck disable=SC2030 # for this command
		path=$path doctor 0 good -u "$REDIS_URL" --namespace other
		finds ok probe 'in Redis'
	done <<-END
		stage $(stage_path)
		project $(project_path)
		channel /api/v1/sse/channels/chat:$P/
	END
	path=/events doctor 1 good -u "$REDIS_URL" -c "chat:$P"
	finds bad status 404
	[[ $(R KEYS "*$P*") == '' ]]
	# Who asks another Redis, or in another namespace, is told so.
	path=$(project_path) doctor 1 good -u "$REDIS_URL"
	finds bad probe "nobody listens to sp:project:$P:stage:doctor"
	own_redis "$PWD/redis" --requirepass word
	run -77 --separate-stderr sp-sse doctor -u "redis://:wrong@${own_tcp#redis://}" "http://127.0.0.1:$port$(project_path)"
	[[ $stderr == *"${own_tcp#redis://}"*WRONGPASS* && $stderr != *wrong@* ]]
	run -69 --separate-stderr sp-sse doctor -u "unix://$PWD/nowhere" "http://127.0.0.1:$port$(project_path)"
	[[ $stderr == *"unix://$PWD/nowhere"* ]]
	for wrong in '-c x' '--namespace x' "-u $REDIS_URL" "-u x"; do
		# shellcheck disable=SC2086 # words
		run -64 sp-sse doctor $wrong "http://127.0.0.1:$port/events"
	done
}

@test "-u: a buffer between Redis and the reader is found" {
	serve_by=listen serve_behind_nginx
	late=2s doctor 1 buffered -u "$REDIS_URL"
	finds bad buffering
	# A server of another kind has no part in Redis.
	peer prompt
	path=/api/v1/sse/channels/$C/ doctor 1 '' -u "$REDIS_URL"
	finds bad probe 'nobody listens'
}

# A certificate for a name, signed by ours: NAME.pem with NAME.key.
certify() { # NAME SUBJECT-ALT-NAME [OPTION...]
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.pem" \
		-extfile <(echo "subjectAltName=$2") "${@:3}"
}

@test "https: the certificate is verified, for the name that is asked for by SNI; what is wrong with it is told" {
	PATH=$PATH:/usr/sbin
	command -v nginx >/dev/null || skip 'NOT TESTED: no nginx'
	local secure name
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ours -days 99
	certify localhost DNS:localhost,IP:127.0.0.1 -days 90
	certify other DNS:other.example -days 90
	certify soon DNS:localhost -days 3
	serve_tcp
	secure=$(free_port)
	for name in localhost soon; do
		cat >nginx.conf <<-END
			daemon off; master_process off; pid $PWD/nginx.pid; error_log $PWD/nginx.log;
			events { worker_connections 64; }
			http {
				access_log off; client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3;
				uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
				# Without SNI the first one answers.
				server { listen 127.0.0.1:$secure ssl; server_name other.example;
					ssl_certificate $PWD/other.pem; ssl_certificate_key $PWD/other.key; }
				server { listen 127.0.0.1:$secure ssl; server_name localhost;
					ssl_certificate $PWD/$name.pem; ssl_certificate_key $PWD/$name.key;
					location / { proxy_pass http://127.0.0.1:$port; proxy_http_version 1.1; } }
			}
		END
		bg nginx nginx -p "$PWD" -c "$PWD/nginx.conf"
		local nginx=$bg_pid
		wait_until 10 is_listened_on "$secure"
		run -0 --separate-stderr sp-sse doctor --cafile ca.pem "https://localhost:$secure$(project_path)"
		finds "$([[ $name == soon ]] && echo warn || echo ok)" certificate 'TLSv1.[23]; valid for localhost, for (89|90|2|3) days'
		finds ok version chunked
		finds ok resume
		[[ $name == soon ]] || end_process "$nginx" TERM
	done
	SSL_CERT_FILE=$PWD/ca.pem run -0 sp-sse doctor "https://localhost:$secure$(project_path)"
	run -1 sp-sse doctor "https://localhost:$secure$(project_path)"
	finds bad certificate 'not valid for localhost: (unable to get local issuer|self-signed)'
	[[ $output == *--cafile* ]]
	# 127.0.0.1 is no name for SNI: the first server's certificate is another's.
	run -1 sp-sse doctor --cafile ca.pem "https://127.0.0.1:$secure$(project_path)"
	finds bad certificate 'not valid for 127.0.0.1: IP address mismatch'
	# The wrong scheme, either way.
	run -65 sp-sse doctor --timeout 2s "https://127.0.0.1:$port$(project_path)"
	[[ $output == *'is no TLS; does this port speak TLS?'* ]]
	run -1 sp-sse doctor "http://127.0.0.1:$secure$(project_path)"
	finds bad status 400
	[[ $output == *'try https://'* ]]
	run -66 sp-sse doctor --cafile nowhere.pem "https://localhost:$secure/"
	run -64 sp-sse doctor --cafile ca.pem "http://localhost:$secure/"
}

@test "https: an expired certificate is refused by name" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ours -days 99
	certify old DNS:localhost -days 0
	web=$(free_port)
	bg old openssl s_server -accept "127.0.0.1:$web" -cert old.pem -key old.key -quiet
	wait_until 10 is_listened_on "$web"
	expired() { run -1 sp-sse doctor --cafile ca.pem "https://localhost:$web/" && [[ $output == *'not valid for localhost: certificate has expired'* ]]; }
	wait_until 5 expired
}

@test "libssl is loaded for https:// only" {
	command -v strace >/dev/null || skip 'NOT TESTED: no strace'
	not is_sanitized || skip 'LeakSanitizer does not work under strace'
	run -69 strace -f -o trace sp-sse doctor http://127.0.0.1:1/
	not grep -q libssl trace
	peer prompt
	run -65 strace -f -o trace sp-sse doctor --timeout 1s "https://127.0.0.1:$web/"
	grep -q libssl trace
}

@test "who cannot be reached is named, with the cause and what to do; a token in the URL is not" {
	local nobody
	nobody=$(free_port)
	fails() { # STATUS URL TEXT...
		run "-$1" --separate-stderr sp-sse doctor --timeout 1s "$2"
		[[ -z $output && $(wc -l <<<"$stderr") -eq 1 ]]
		for text in "${2%%\?*}" "${@:3}"; do
			[[ $stderr == *"$text"* ]] || { echo "no <$text> in: $stderr"; return 1; }
		done
		[[ $stderr != *secret* ]]
	}
	fails 69 "http://127.0.0.1:$nobody/x?access_token=secret" "127.0.0.1 port $nobody: Connection refused; is the server running"
	fails 69 "https://[::1]:$nobody/" 'Connection refused; is the server'
	fails 69 http://nowhere.invalid/ 'nowhere.invalid' 'is the server'
	# Silence: a listener that never accepts answers nothing to TLS.
	web=$(free_port)
	bg mute "$PYTHON" -c "import socket, time; s = socket.create_server(('127.0.0.1', $web)); time.sleep(60)"
	wait_until 10 is_listened_on "$web"
	fails 75 "https://127.0.0.1:$web/" 'the TLS handshake took too long; does this port speak TLS?'
	for answer in '' 'SSH-2.0-x\r\n'; do
		bg peer socat -d -d TCP-LISTEN:0,bind=127.0.0.1,reuseaddr SYSTEM:"read x; printf '$answer'"
		wait_until 10 says peer.err 'listening on'
		web=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' peer.err)
		fails 65 "http://127.0.0.1:$web/" 'is this the port of an HTTP server?'
		ends "$bg_pid"
	done
	peer prompt
	run -74 bash -c "sp-sse doctor http://127.0.0.1:$web/ >/dev/full"
}

@test "answers that are broken, cut or hostile end with a finding or a reason, not with a crash" {
	local n=0
	for answer in '' 'x' 'SSH-2.0-x\r\n' 'HTTP/2 200\r\n\r\n' 'HTTP/1.1 20\r\n\r\n' 'HTTP/1.1 200 OK\r\n' \
		'HTTP/1.1 200 OK\r\n\r\n' 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n' \
		'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n' \
		'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\ndata: x\r\n' \
		'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\ndata: x\n\n' \
		'HTTP/1.1 200 OK\r\nContent-Encoding: \033[2Jx\r\n\r\nid: \033\ndata: {"type":"\n\n'; do
		n=$((n + 1))
		printf "$answer" >"answer.$n"
		bg "peer$n" socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr "SYSTEM:cat answer.$n"
		wait_until 10 says "peer$n.err" 'listening on'
		web=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "peer$n.err")
		run sp-sse doctor --timeout 1s "http://127.0.0.1:$web/"
		[[ $status -eq 1 || $status -eq 65 || $status -eq 69 || $status -eq 74 || $status -eq 75 ]] || {
			echo "status $status for $answer:" "$output" >&2
			return 1
		}
		[[ $output != *$'\033'* ]]
	done
}

@test "misuse is 64; nobody there is 69" {
	local wrong
	for wrong in '' 'a b' x ftp://a/ http:// http:///x http://u:p@h/ http://h:0/ http://h:x/ http://h:65536/ 'http://[::1/' \
		'http://h/#x' 'https://' 'https://a:b/' 'http://[::1]x/' '--idle 0 http://h/' '--origin https://x/y http://h/'; do
		# shellcheck disable=SC2086 # words
		run -64 --separate-stderr sp-sse doctor $wrong
		[[ -z $output && $stderr == 'sp-sse doctor: '* ]]
	done
	run -69 sp-sse doctor "http://127.0.0.1:$(free_port)/"
	run -66 sp-sse doctor --token nowhere http://127.0.0.1:1/
	run -0 sp-sse doctor --help
	[[ $output == *--idle*--origin* || $output == *--origin*--idle* ]]
}
