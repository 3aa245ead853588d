# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034 # the suites use what is set here
# keys: keys of each kind, made once for a file, and tokens. Load it behind helpers and http.

setup_file() {
	find_python
	make_keys
}

# RSA takes its time: not for each test.
make_keys() {
	export KEYS=$BATS_FILE_TMPDIR/keys
	mkdir -m 700 "$KEYS"
	cd "$KEYS" || return
	openssl rand -hex 32 >hs
	openssl rand 32 >hs-other
	for other in '' -other; do
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa$other.pem
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec$other.pem
		openssl genpkey -algorithm ed25519 -out ed$other.pem
	done 2>/dev/null
	for key in rsa ec ed; do
		openssl pkey -in "$key.pem" -pubout -out "$key.pub"
	done
	chmod 600 hs*
}

show_tokens() { # good|bad [SOCKET of a server with all keys]
	(cd "$KEYS" && python "$ROOT/tests/tokens.py" "$1" "$P" "$(stage_path)" "${@:2}")
}

# A token of ours: for this test's stage unless told otherwise. It stands in $token.
mint() { # [OPTION...]
	[[ $# -gt 0 ]] || set -- -p "$P" -s s
	token=$(sp-sse token "$@" --for 10m --key "${key-$KEYS/hs}")
}

# What show_tokens bad must have printed: 403 is for tokens that are right but grant something else; 400 for what is
# no HTTP.
all_refused() { # FILE
	lines "$1" 250
	not grep -v -P '^(400|401|403)\t' "$1"
	grep -P '^403\t' "$1" | not grep -v -P '\t(403 pattern|sp |no sp|sub outside)'
	grep -P '\t403 pattern' "$1" | not grep -v '^403'
	[[ $(grep -c '^400' "$1") -le 5 ]]
}
