# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154 # the suites use what is set here; bg sets bg_pid
# server: `sp-sse --listen`, on the Unix socket ./web and a free port. Load it behind helpers and http, whose clients
# it serves: get and reader go to the port, exchange to the socket.

# Starts a server, ready when this returns: $server_pid, $port, $admin (the port of --admin, if there is one).
listen() { # OPTION...
	bg server sp-sse --listen "unix:$PWD/web" --listen 127.0.0.1:0 "$@"
	server_pid=$bg_pid
	is_ready "$server_pid"
}

is_ready() { # PID [FILE]
	wait_until 10 says_or_gone "$1" "${2:-server.err}" 'ready 127.0.0.1'
	not gone "$1" || { cat "${2:-server.err}" >&2 && return 1; }
	port=$(sed -n 's/.*ready 127.0.0.1:\([0-9]*\)$/\1/p' "${2:-server.err}" | tail -n 1)
	admin=$(sed -n 's/.*admin 127.0.0.1:\([0-9]*\)$/\1/p' "${2:-server.err}" | tail -n 1)
}

says_or_gone() { # PID FILE TEXT
	gone "$1" || says "$2" "$3"
}

# As in http: what stands on standard input is sent, the answer is in head, body, $code. The server is restarted
# when there are options, and then stops with them.
exchange() { # OPTION...
	status=0
	timeout 10 socat -t 5 - UNIX-CONNECT:web >answer 2>exchange.err || status=$?
	split answer
	sed -i '/^Date: /d' head
}

# A member of /status.
status_of() { # JQ-PATH
	get /status | jq -r "$1"
}

status_is() { # JQ-PATH VALUE
	[[ $(status_of "$1") == "$2" ]]
}

streams() { # N: as many readers have a stream
	status_is .streams "$1"
}
