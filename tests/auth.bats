#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# auth: sp-sse --key: who has a right token reads what it grants, and nobody else anything.

load helpers
load http
load keys

# Asks for a path, with more header lines if given, of a server with the secret.
ask() { # CODE PATH [LINE...]
	request "${@:2}" | answers "$1" --key "$KEYS/hs"
}

bearer() { # CODE PATH: with $token
	ask "$1" "$2" "Authorization: Bearer $token"
}

@test "none of the wrong tokens opens a stream" {
	publish_run secret
	show_tokens bad >answers
	all_refused answers
}

@test "right tokens of each algorithm open a stream, whoever made them" {
	publish_run secret
	show_tokens good >answers
	lines answers 11
	not grep -v -P '^200\t' answers
}

@test "sp-sse token makes a token for each kind of key, and only that key's public part opens with it" {
	local signer key
	publish_run a
	for signer in hs rsa.pem ec.pem ed.pem; do
		token=$(sp-sse token -p "$P" -s s --for 1m --key "$KEYS/$signer")
		[[ $token =~ ^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$ ]]
		for key in hs hs-other rsa.pub ec.pub ed.pub; do
			if [[ ${signer%.*} == "${key%.*}" ]]; then
				request "$(stage_path)" "Authorization: Bearer $token" | answers 200 --key "$KEYS/$key"
				[[ $(types body) == 'connected token done stream_end' ]]
			else
				request "$(stage_path)" "Authorization: Bearer $token" | answers 401 --key "$KEYS/$key"
			fi
		done
		# A private key has its public part within; and of several keys any will do.
		request "$(stage_path)" "Authorization: Bearer $token" | answers 200 --key "$KEYS/hs-other" --key "$KEYS/$signer"
	done
}

@test "openssl alone agrees with the signatures of sp-sse token" {
	token=$(sp-sse token -p "$P" --for 1m --key "$KEYS/rsa.pem")
	printf %s "${token%.*}" >signed
	python -c 'import base64, sys; sys.stdout.buffer.write(base64.urlsafe_b64decode(sys.argv[1] + "=="))' \
		"${token##*.}" >signature
	openssl dgst -sha256 -verify "$KEYS/rsa.pub" -signature signature signed
	token=$(sp-sse token -p "$P" --for 1m --key "$KEYS/ed.pem")
	printf %s "${token%.*}" >signed
	python -c 'import base64, sys; sys.stdout.buffer.write(base64.urlsafe_b64decode(sys.argv[1] + "=="))' \
		"${token##*.}" >signature
	openssl pkeyutl -verify -rawin -pubin -inkey "$KEYS/ed.pub" -in signed -sigfile signature
}

@test "a missing token is 401 with WWW-Authenticate; a right one for something else is 403" {
	publish_run a
	ask 401 "$(stage_path)"
	says head 'WWW-Authenticate: Bearer'
	for wrong in 'Basic dTpw' Bearer 'Bearer ' 'Bearerx' 'Token x' ''; do
		ask 401 "$(stage_path)" "Authorization: $wrong"
	done
	mint -p other
	bearer 403 "$(stage_path)"
	not says head WWW-Authenticate
	mint
	bearer 200 "$(stage_path)"
	bearer 403 "$(stage_path t)"
	bearer 403 "$(stage_path s "x$P")"
	bearer 403 "$(project_path)"
	for method in HEAD GET; do
		request "$(stage_path)" | sed "s/^GET/$method/" | answers 401 --key "$KEYS/hs"
	done
}

@test "a token stands in Authorization, in the cookie, or in the query" {
	publish_run a
	mint
	ask 200 "$(stage_path)" "Authorization: Bearer $token"
	ask 200 "$(stage_path)" "authorization:   bEARER   $token  "
	ask 200 "$(stage_path)" "Cookie: sp_token=$token"
	ask 200 "$(stage_path)" "Cookie: a=b; sp_token=$token; xsp_token=x; sp_token2=y"
	ask 200 "$(stage_path)?access_token=$token"
	ask 200 "$(stage_path)?last_event_id=0-1&access_token=${token/./%2E}"
	for wrong in "sp-token=$token" "SP_TOKEN=$token" "sp_token=\"$token\"" "sp_token =$token" 'sp_token=' 'sp_token' ';;;'; do
		ask 401 "$(stage_path)" "Cookie: $wrong"
	done
	ask 401 "$(stage_path)?Access_Token=$token"
	ask 401 "$(stage_path)?access_token="
}

@test "a token in two places must be the same: one in front may have looked at the other" {
	publish_run a
	mint
	local mine=$token
	mint -p other
	ask 200 "$(stage_path)?access_token=$mine" "Authorization: Bearer $mine" "Cookie: sp_token=$mine"
	ask 200 "$(stage_path)" 'Authorization: Basic dTpw' "Cookie: sp_token=$mine"
	for other in "$token" x ''; do
		ask 401 "$(stage_path)" "Authorization: Bearer $mine" "Cookie: sp_token=$other"
		ask 401 "$(stage_path)?access_token=$other" "Authorization: Bearer $mine"
		ask 401 "$(stage_path)?access_token=$mine" "Cookie: sp_token=$other"
		ask 401 "$(stage_path)?access_token=$mine&access_token=$other"
		ask 401 "$(stage_path)" "Cookie: sp_token=$mine; sp_token=$other"
		ask 401 "$(stage_path)" "Authorization: Bearer $mine" "Authorization: Bearer $other"
	done
	ask 401 "$(stage_path)" "Authorization: Bearer $mine" "Authorization: Bearer $mine"
	ask 401 "$(stage_path)" "Cookie: sp_token=$mine" 'Cookie: a=b'
}

@test "channels: what a pattern names, and never a stage's or one of Spout's own" {
	serve --key "$KEYS/hs"
	mint -c "$C" -c 'chat:*'
	reader plain "/api/v1/sse/channels/$C/" -H "Authorization: Bearer $token"
	reader odd "/api/v1/sse/channels/chat:1%2F2/" -H "Authorization: Bearer $token"
	wait_until 5 connected plain
	wait_until 5 connected odd
	bearer 403 "/api/v1/sse/channels/x$C/"
	mint -c '*'
	for channel in "sp%3Aproject%3A$P%3Astage%3As" "sp:project:$P:log" "sp:project:$P" "$C:log" "$C%3actl"; do
		bearer 403 "/api/v1/sse/channels/$channel/"
	done
	bearer 403 "$(stage_path)"
}

@test "all stages need the lone star, and see what comes later" {
	serve --key "$KEYS/hs"
	mint -p "$P"
	reader all "$(project_path)" -H "Authorization: Bearer $token"
	wait_until 5 connected all
	publish_run late
	wait_until 5 says all.out late
	mint -p "$P" -s 's*'
	bearer 403 "$(project_path)"
	publish_run x
	bearer 200 "$(stage_path)"
}

@test "health, a preflight, a wrong path and a wrong method need no token; publishing is refused" {
	ask 200 /healthz
	ask 200 /readyz
	ask 404 /nowhere
	ask 400 "$(stage_path '%00')"
	printf 'OPTIONS %s HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n\r\n' \
		"$(stage_path)" | answers 204 --key "$KEYS/hs" --cors https://a.example
	grep -i 'Access-Control-Allow-Headers: .*Authorization' head
	# A page may read the refusal.
	request "$(stage_path)" 'Origin: https://a.example' | answers 401 --key "$KEYS/hs" --cors https://a.example
	says head 'Access-Control-Allow-Origin: https://a.example'
	printf 'PUT %s HTTP/1.1\r\nHost: a\r\n\r\n' "$(stage_path)" | answers 405 --key "$KEYS/hs"
	mint --pub -p "$P" -s s
	request "$(stage_path)" "Authorization: Bearer $token" | sed 's/^GET/POST/' | answers 403 --key "$KEYS/hs"
}

@test "with a key readers of any machine are served" {
	unshare -n true 2>/dev/null || skip 'NOT TESTED: no network namespace can be made here (unshare -n)'
	command -v ip >/dev/null || skip 'NOT TESTED: ip(8) is missing'
	publish_run a
	write_server --key "$KEYS/rsa.pub"
	token=$(sp-sse token -p "$P" --for 1m --key "$KEYS/rsa.pem")
	cat >inside <<-'END'
		ip link set lo up
		ip address add 192.0.2.77/32 dev lo
		socat -d -d TCP4-LISTEN:8000,reuseaddr,fork EXEC:./server,nofork 2>socat.err 3>&- &
		pid=$!
		wait_until 10 grep -qs 'listening on' socat.err
		curl -sN --max-time 5 -w '%{http_code}' "http://192.0.2.77:8000$1"
		curl -sN --max-time 5 -w '%{http_code}' -H "Authorization: Bearer $2" "http://192.0.2.77:8000$1" >stream
		kill "$pid"
	END
	export -f wait_until
	run -0 unshare -n bash ./inside "$(stage_path)" "$token"
	[[ $output == *needed*401 ]]
	grep -q '"content":"a"' stream
}

@test "an expired token opens nothing, the moment it expires" {
	publish_run a
	token=$(sp-sse token -p "$P" -s s --for 1s --key "$KEYS/hs")
	bearer 200 "$(stage_path)"
	expired() { request "$(stage_path)" "Authorization: Bearer $token" | answers 401 --key "$KEYS/hs"; }
	wait_until 5 expired
	says body 'expired'
}

@test "tokens and secrets are never said: not with -v, not as JSON, not in an answer" {
	publish_run a
	mint
	local secret part
	secret=$(<"$KEYS/hs")
	for how in "$token" "${token%?}x" "$(sp-sse token -p other --for 1m --key "$KEYS/hs")"; do
		for log in text json; do
			request "$(stage_path)?access_token=$how" | exchange --key "$KEYS/hs" -vv --log=$log
			request "$(stage_path)" "Cookie: sp_token=$how" "Authorization: Bearer $how" >request
			cp exchange.err first.err
			exchange --key "$KEYS/hs" -vv --log=$log <request
			for part in ${how//./ } "$secret"; do
				not says answer "$part"
				not says exchange.err "$part"
				not says first.err "$part"
			done
		done
	done
	says exchange.err 'does not grant'
	# Nor by a core dump's neighbour: the command line.
	mkfifo in
	exec {feed}<>in
	bg_in=in bg server sp-sse --inetd --key "$KEYS/hs"
	wait_until 5 grep -qaF -- "--inetd" "/proc/$bg_pid/cmdline"
	not grep -qa "$secret" "/proc/$bg_pid/cmdline"
	exec {feed}>&-
}

@test "a file that is no key is refused at start, and so is one that everybody would know" {
	local n
	cd "$KEYS"
	refused() { # STATUS TEXT FILE
		run "-$1" --separate-stderr sp-sse --inetd --key "$3" </dev/null
		[[ -z $output && $stderr == *"$2"* ]] || { echo "$3: $stderr"; return 1; }
	}
	refused 66 'No such file' nowhere
	refused 66 'directory' .
	for n in 0 1 31; do
		head -c "$n" /dev/zero | tr '\0' x >short
		refused 64 'at least 32' short
	done
	echo 1234567890123456789012345678901 >short
	refused 64 "a secret of 31 bytes" short
	head -c 70000 /dev/zero >long
	refused 64 'at most' long
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem 2>/dev/null
	refused 64 '1024 bits' weak.pem
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem
	refused 64 P-256 p384.pem
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out k1.pem
	refused 64 P-256 k1.pem
	openssl genpkey -algorithm ed448 -out ed448.pem
	refused 64 Ed25519 ed448.pem
	openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.pem 2>/dev/null
	refused 64 'not a key for' pss.pem
	openssl pkey -in ec.pem -aes128 -passout pass:x -out locked.pem
	refused 64 'without passphrase' locked.pem
	for damage in 's/BEGIN/xEGIN/' '$d' 1d 's/^MF/xx/' 's/PUBLIC/RSA PRIVATE/'; do
		sed "$damage" ec.pub >damaged.pem
		refused 64 'no public key in PEM' damaged.pem
	done
	openssl req -x509 -key rsa.pem -subj /CN=x -out cert.pem
	refused 64 'no public key in PEM' cert.pem
	openssl pkey -in rsa.pem -pubout -outform DER -out rsa.der
	refused 64 DER rsa.der
	echo '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}' >jwk
	refused 64 JWK jwk
	echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2ZzF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEUx me@here' >ssh.pub
	refused 64 OpenSSH ssh.pub
	refused 64 'at least 32' short --key hs
	run -64 sp-sse --inetd --key hs --key short </dev/null
}

@test "a secret that everybody may read is told of, once; a public key is not" {
	cp "$KEYS/hs" hs
	cp "$KEYS/ec.pem" "$KEYS/ec.pub" .
	chmod 644 hs ec.pem ec.pub
	for key in hs ec.pem; do
		request /healthz | exchange --key "$key"
		[[ $(grep -c "$key: everybody on this machine may read it" exchange.err) -eq 1 ]]
		run --separate-stderr sp-sse token -p 7 --for 1m --key "$key"
		[[ $status -eq 0 && $stderr == *everybody* ]]
	done
	request /healthz | exchange --key ec.pub
	[[ ! -s exchange.err ]]
	chmod 640 hs
	request /healthz | exchange --key hs
	[[ ! -s exchange.err ]]
}

@test "sp-sse token: what it grants, and what is misuse" {
	claims() {
		sp-sse token "$@" --key "$KEYS/hs" | cut -d. -f2 | tr _- /+ |
			python -c 'import base64, sys; print(base64.b64decode(sys.stdin.read().strip() + "==").decode())'
	}
	[[ $(claims -p 7 --for 1h | jq -c .sp) == '{"sub":["project/7/*"]}' ]]
	[[ $(claims --pub -p 7 -s a --for 1h | jq -c .sp) == '{"sub":["project/7/a"],"pub":["project/7/a"]}' ]]
	[[ $(claims -p '*' -s 'x*' --for 1h | jq -c .sp) == '{"sub":["project/*/x*"]}' ]]
	[[ $(claims -c 'a"b' -c 'chat:*' --for 1h | jq -c .sp) == '{"sub":["channel/a\"b","channel/chat:*"]}' ]]
	claims -p 7 --for 1h | jq -e '.exp - now | . > 3590 and . < 3602'
	for wrong in '-p 7' '-p 7 --for 0' '-p 7 --for 1y' '--for 1h' '-s a --for 1h' '-p 7 -c x --for 1h' '-p a/b --for 1h' \
		'-p 7 -s .. --for 1h' '-c sp:project:7:stage:a --for 1h' '-c x:log --for 1h' '-p 7 --for 1h extra' '-p 7 --for 1h -- x'; do
		# shellcheck disable=SC2086 # words
		run -64 --separate-stderr sp-sse token --key "$KEYS/hs" $wrong
		[[ -z $output && $stderr == 'sp-sse token: '* ]]
	done
	run -64 sp-sse token -p 7 --for 1h
	run -64 --separate-stderr sp-sse token -p 7 --for 1h --key "$KEYS/rsa.pub"
	[[ $stderr == *'public key cannot sign'* ]]
	run -66 sp-sse token -p 7 --for 1h --key nowhere
	run -74 bash -c 'sp-sse token -p 7 --for 1h --key "$KEYS/hs" >/dev/full'
	# shellcheck disable=SC2046 # words
	run -64 --separate-stderr sp-sse token --for 1h --key "$KEYS/hs" $(printf -- '-c channel-%090d ' $(seq 60))
	[[ $stderr == *'servers take 4096'* ]]
	run -0 sp-sse token --help
	[[ $output == *--pub*--for* ]]
}

@test "a start without --key maps no libcrypto" {
	command -v strace >/dev/null || skip 'NOT TESTED: no strace'
	not is_sanitized || skip 'LeakSanitizer does not work under strace'
	strace -f -o trace sp-sse </dev/null
	not grep -q libcrypto trace
	strace -f -o trace sp-sse --inetd --key "$KEYS/hs" </dev/null
	grep -q libcrypto trace
}
