# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # Markdown; all, which reads this, has the rest
# sse: SSE servers under one load client, one after the other in each block.
#
# A server is NAME or NAME@WORKERS, and NAME:BLOCKS is measured in the first blocks only. A run whose audit is not
# clean has its losses behind the figure.
sse_title='A server of Server-Sent Events: `sp-sse --listen`'
sse_rows=(flat1k flat1k-two flat10k flat50k tick1k tick10k tick50k many ceiling memory connects connects-six storm)
sse_nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
sse_module=/usr/lib/nginx/modules/ngx_nchan_module.so

sse_has() { # SERVER
	case $1 in
	sp-sse | sendloop | holdopen) true ;;
	nchan*) [ -n "$sse_nginx" ] && [ -e "$sse_module" ] ;;
	node) command -v node >/dev/null && [ -d "$cache/node_modules/ioredis" ] ;;
	python) /usr/bin/python3 -c 'import redis.asyncio' 2>/dev/null ;;
	esac
}

sse_find_peers() {
	local name
	declare -gA sse_missing=()
	for name in nchan nchan-redis node python; do
		sse_has "$name" || { sse_missing[$name]=1; left_out "$name"; }
	done
}

sse_notes() {
	cat <<-'END'
		The same load client, payload and channel for each; server, client and Redis share the machine. A server is one process unless ×N says how many, and then all in that row's ratio are as many. What is published goes by PUBLISH to all but nchan, which takes it by POST; `nchan` keeps messages in memory, `nchan-redis` in Redis. `node` is `http` and `ioredis` (with `cluster` when ×N), `python` asyncio and redis-py, `sendloop` the least there can be: one send() for each message and reader, and no other duty; `holdopen` accepts, answers and keeps, and has nothing else to do. Connecting is bound by the CPU, which server and load client share, and of which the load client takes the most: so a server that costs half as much connects by far not twice as many, and what a connection costs each of them is told too.
	END
}

# --- Servers

sse_start_nginx() { # WORKERS DIRECTIVE
	port=$(free_port)
	mkdir -p "$dir/nginx"
	sed -e "s|@DIR@|$dir/nginx|g; s|@PORT@|$port|; s|@WORKERS@|$1|; s|@CONNECTIONS@|19900|; s|@REDIS@|$2|" \
		"$here/peers/nginx-nchan.conf" >"$dir/nginx.conf"
	begin server "$sse_nginx" -c "$dir/nginx.conf" -p "$dir/nginx" -e "$dir/nginx/error.log" >"$dir/server.out" 2>&1
	wait_for 5 port_answers && return
	cat "$dir/server.out" "$dir/nginx/error.log" >&2
	return 1
}

port_answers() {
	(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# sse_start SERVER CHANNEL: $target is how the client reads and publishes CHANNEL, which is a template.
sse_start() {
	local name=${1%@*} workers=1 out=$dir/server.out path=/events/$2
	[[ $1 != *@* ]] || workers=${1#*@}
	: >"$out"
	case $name in
	sp-sse)
		path=/api/v1/sse/channels/$2/
		begin server "$build/sp-sse" --listen 127.0.0.1:0 -u "$url" --allow 'bench*' \
			--max-connections $((workers * 19800)) --max-per-ip 0 --max-accept-rate 0 --workers "$workers" \
			</dev/null >"$out" 2>&1
		;;
	node) NODE_PATH=$cache/node_modules begin server node "$here/peers/node-sse.js" "$sock" "$workers" </dev/null >"$out" 2>&1 ;;
	python) begin server /usr/bin/python3 "$here/peers/python-sse.py" "$sock" </dev/null >"$out" 2>&1 ;;
	sendloop) begin server "$bench/sendloop" "$sock" "${2//'{n}'/0}" "$workers" </dev/null >"$out" 2>&1 ;;
	holdopen) begin server "$bench/holdopen" "$workers" </dev/null >"$out" 2>&1 ;;
	nchan) sse_start_nginx "$workers" '' || return ;;
	nchan-redis) sse_start_nginx "$workers" "nchan_redis_url redis://127.0.0.1:$redis_port; nchan_use_redis on;" || return ;;
	esac
	if [[ $name = nchan* ]]; then
		target=(--url "http://127.0.0.1:$port/events/$2" --publish post --publish-url "http://127.0.0.1:$port/pub/$2")
		return
	fi
	wait_for 10 grep -aq ready "$out" || { echo "bench: $1 did not come up:" >&2; cat "$out" >&2; return 1; }
	port=$(grep -a -m 1 -o 'ready .*' "$out")
	port=${port##*[: ]}
	target=(--url "http://127.0.0.1:$port$path" --publish redis -c "$2" --redis "$url")
}

# --- Measuring

# sse_load OPTION...: the report is in $dir/report.
sse_load() {
	bounded 90 "$build/sp-bench" sse "${target[@]}" -q --rate 0 --size 200 "$@" </dev/null >"$dir/report" 2>"$dir/client.err"
	[ -s "$dir/report" ] || { cat "$dir/client.err" >&2; return 1; }
}

# sse_figures FILTER [FIGURE...]: those that the filter finds in the report, those given, and what the audit has to
# say; in $figures.
sse_figures() {
	local filter=$1
	shift
	figures="$(jq -r "$filter" "$dir/report") $* $(jq -r '.audit as $a | [
		(if $a.lost > 0 then "\($a.lost) lost" else empty end),
		(if $a.duplicated + $a.reordered + $a.corrupted > 0 then "repeated or damaged" else empty end),
		(if .result.streams < .settings.connections then "\(.result.streams) readers" else empty end),
		(if .slots.missed_percent > 1 then "load late" else empty end)] |
		join(", ") | if . == "" then "" else "!" + gsub(" "; "_") end' "$dir/report")"
}

# each ROW CHANNEL 'SERVER...' MEASURE...: each server in turn: MEASURE sets $figures.
each() {
	local row=$1 channel=$2 server name figures
	local -a servers
	read -ra servers <<<"$3"
	shift 3
	for server in "${servers[@]}"; do
		name=${server%:*}
		[ "$name" = "$server" ] || early "${server#*:}" || continue
		[ -z "${sse_missing[${name%@*}]-}" ] || continue
		say "sse/$row: $name"
		figures='!failed'
		: >"$dir/report"
		# A new channel for each run: nobody's log is in the way.
		if sse_start "$name" "${channel/bench/bench$block$RANDOM}"; then
			"$@" "$name" || figures='!failed'
		fi
		end server probe
		note "sse/$row" "$name" "$figures"
		[ ! -s "$dir/report" ] || cp "$dir/report" "$report/runs/$row.$name.json"
		cli FLUSHALL SYNC >/dev/null
	done
}

# --- One channel, flat out. More than 20,000 readers are more than a process holds here: several workers.

sse_measure_flat() { # READERS MESSAGES
	sse_load --connections "$1" --publish-rate 0 --count "$2" --duration 60s --drain 60s || return
	sse_figures .result.deliveries_per_s
}

measure_sse_flat1k() {
	each flat1k 'bench{n}' 'sp-sse node sendloop:2 nchan:1 nchan-redis:1 python:1' sse_measure_flat 1000 1500
}

show_sse_flat1k() {
	row "$1" 1 /s '1,000 readers, 1,500 messages flat out: deliveries' sp-sse 'nchan nchan-redis node python sendloop' best '>= 1.5'
}

measure_sse_flat1k_two() {
	each flat1k-two 'bench{n}' 'sp-sse@2 node@2 nchan@2:2' sse_measure_flat 1000 1500
}

show_sse_flat1k_two() {
	row "$1" 1 /s '1,000 readers, 1,500 messages flat out, two processes each: deliveries' sp-sse@2 'nchan@2 node@2' best '>= 1.5'
}

measure_sse_flat10k() {
	each flat10k 'bench{n}' 'sp-sse node sendloop:2 nchan:1' sse_measure_flat 10000 100
}

show_sse_flat10k() {
	row "$1" 1 /s '10,000 readers, 100 messages flat out: deliveries' sp-sse 'nchan node sendloop' best '>= 1.5'
}

measure_sse_flat50k() {
	each flat50k 'bench{n}' 'sp-sse@5 sendloop@5 node@5:1 nchan@5:1' sse_measure_flat 50000 20
}

show_sse_flat50k() {
	row "$1" 1 /s '50,000 readers, 20 messages flat out, five processes each: deliveries' sp-sse@5 'nchan@5 node@5 sendloop@5' best '>= 1.5'
}

# --- One channel, now and then

sse_measure_tick() { # READERS RATE DURATION
	sse_load --connections "$1" --publish-rate "$2" --duration "$3" || return
	sse_figures '.latency_us.corrected | "\(.p50) \(.p99)"'
}

# sse_tick_rows ROW WHAT OURS NCHAN SENDLOOP OTHERS
sse_tick_rows() {
	row "$1" 1 us "$2: p50" "$3" "$5 $6" "$5" '<= 1.15'
	row "$1" 1 us 'the same' "$3" "$4" "$4" '<= 0.5'
	row "$1" 2 us "$2: p99" "$3" "$5 $6" "$5" '<= 1.15'
	row "$1" 2 us 'the same' "$3" "$4" "$4" '<= 0.5'
}

measure_sse_tick1k() {
	each tick1k 'bench{n}' 'sp-sse sendloop nchan nchan@2:2 nchan-redis:1 node:1 python:1' sse_measure_tick 1000 10 3s
}

show_sse_tick1k() {
	sse_tick_rows "$1" '10 messages a second to 1,000 readers' sp-sse nchan sendloop 'nchan@2 nchan-redis node python'
}

measure_sse_tick10k() {
	each tick10k 'bench{n}' 'sp-sse sendloop nchan nchan@2:2 node:1' sse_measure_tick 10000 1 3s
}

show_sse_tick10k() {
	sse_tick_rows "$1" '1 message a second to 10,000 readers' sp-sse nchan sendloop 'nchan@2 node'
}

measure_sse_tick50k() {
	each tick50k 'bench{n}' 'sp-sse@5 sendloop@5 nchan@5' sse_measure_tick 50000 1 3s
}

show_sse_tick50k() {
	sse_tick_rows "$1" '1 message a second to 50,000 readers, five processes each' sp-sse@5 nchan@5 sendloop@5 ''
}

# --- Many channels

# The server's CPU with the connecting.
sse_measure_many() { # SERVER
	local before more=()
	[[ $1 != nchan* ]] || more=(--publish-connections 50)
	before=$(cpu_of "${alive[server]}")
	sse_load --connections 10000 --channels 10000 --streaming 1000 --publish-rate 20000 --duration 4s "${more[@]}" || return
	sse_figures '.latency_us.corrected | "\(.p50) \(.p99)"' $(($(cpu_of "${alive[server]}") - before))
}

measure_sse_many() {
	each many 'bench.{n}' 'sp-sse node nchan-redis:1' sse_measure_many
}

show_sse_many() {
	row "$1" 1 us '10,000 channels of one reader, 1,000 of them at 20/s: p50' sp-sse 'nchan-redis node' node '<= 1.0'
	row "$1" 2 us 'the same: p99' sp-sse 'nchan-redis node' node '<= 1.0'
	row "$1" 3 us 'the same, 4 s of it: CPU of the server, connecting included' sp-sse 'nchan-redis node' node '<= 0.5'
}

sse_measure_ceiling() {
	sse_load --connections 1000 --channels 1000 --publish-rate 0 --count 200000 --duration 30s --drain 30s || return
	sse_figures .result.deliveries_per_s
}

measure_sse_ceiling() {
	each ceiling 'bench.{n}' 'sp-sse node' sse_measure_ceiling
}

show_sse_ceiling() {
	row "$1" 1 /s '1,000 channels of one reader, flat out: messages without loss' sp-sse node node '>= 2'
}

# --- Readers that come, and stay

# The most that is seen while they are held: how long connecting takes is the server's affair.
sse_measure_memory() {
	local before after=0 now
	before=$(private_of "${alive[server]}") || return
	begin load timeout -k 5 60 "$build/sp-bench" sse "${target[@]:0:2}" -q --connections 10000 --rate 0 --duration 1500ms \
		</dev/null >"$dir/report" 2>"$dir/client.err"
	while ! is_gone "${alive[load]}"; do
		now=$(private_of "${alive[server]}") || break
		[ "$now" -le "$after" ] || after=$now
		sleep 0.3
	done
	end load
	[ -s "$dir/report" ] || { cat "$dir/client.err" >&2; return 1; }
	sse_figures empty $(((after - before) / 10000))
}

measure_sse_memory() {
	each memory 'bench{n}' 'sp-sse nchan:1 node:1 python:1' sse_measure_memory
}

show_sse_memory() {
	row "$1" 1 bytes 'user memory of an idle reader, of 10,000' sp-sse 'nchan node python' '' '<= 700'
}

# sse_connect READERS PROCESSES BASE: connects them, and leaves. Adds the time to $us, and what it cost until all stood
# to $server_us and $load_us. BASE: sockets there are without them.
sse_connect() {
	local before until=$((SECONDS + 30)) stood=
	wait_for 10 sse_have_left "$3"
	before=$(cpu_of "${alive[server]}")
	begin load "$build/sp-bench" sse "${target[@]:0:2}" -q --connections "$1" --processes "$2" --rate 0 \
		--duration 500ms </dev/null >"$dir/report" 2>"$dir/client.err"
	until is_gone "${alive[load]}" || [ "$SECONDS" -ge "$until" ]; do
		if [ -z "$stood" ] && [ $(($(sockets) - $3)) -ge $(($1 * 2 - 200)) ]; then
			stood=yes
			sleep 0.2 # for the last ones, and their answers
			server_us=$((server_us + $(cpu_of "${alive[server]}") - before))
			load_us=$((load_us + $(cpu_of "${alive[load]}")))
		fi
		sleep 0.1
	done
	end load
	[ -s "$dir/report" ] || { cat "$dir/client.err" >&2; return 1; }
	[ -n "$stood" ] || return
	us=$((us + $(jq ".settings.connections / .result.connects_per_s * 1e6 | floor" "$dir/report")))
}

# What has been closed on one side only is not among those in use, and still is a connection of the server's.
sse_have_left() { # BASE
	[ "$(awk '/^TCP:/ { print $9 }' /proc/net/sockstat)" -lt $(($1 + 200)) ]
}

sse_measure_connects() { # READERS PROCESSES TIMES
	local i base us=0 server_us=0 load_us=0
	base=$(sockets)
	for ((i = 0; i < $3; i++)); do
		sse_connect "$1" "$2" "$base" || return
	done
	sse_figures empty "$(awk -v n=$(($1 * $3)) -v us="$us" -v server="$server_us" -v load="$load_us" \
		'BEGIN { print n * 1e6 / us, server / n, load / n }')"
}

# sse_connects_rows ROW WHAT OURS NCHAN BARE OTHERS
sse_connects_rows() {
	row "$1" 1 /s "connects a second: $2, as fast as it goes" "$3" "$4 $6" "$4" '>= 1.2'
	row "$1" 1 /s 'the same' "$3" "$5" "$5" '>= 0.8'
	row "$1" 2 us 'the same: CPU of the server for each' "$3" "$4 $6" "$4"
	row "$1" 2 us 'the same' "$3" "$5" "$5"
	row "$1" 3 us 'the same: CPU of the load client for each' "$3" "$4 $5 $6" "$4"
}

# A server that has 80 % of the connections that it may have begins to save: all have room to spare.
measure_sse_connects() {
	each connects 'bench{n}' 'sp-sse nchan holdopen node:1' sse_measure_connects 15000 2 3
}

show_sse_connects() {
	sse_connects_rows "$1" 'three times 15,000 readers' sp-sse nchan holdopen node
}

# nginx gives some of its workers more of them than others.
measure_sse_connects_six() {
	each connects-six 'bench{n}' 'sp-sse@6:2 nchan@6:2 holdopen@6:2' sse_measure_connects 80000 6 1
}

show_sse_connects_six() {
	sse_connects_rows "$1" '80,000 readers, six processes each' sp-sse@6 nchan@6 holdopen@6 ''
}

# All come back at once. Beside it a client sends Redis a PING each millisecond: how long Redis keeps others waiting.
sse_measure_storm() { # SERVER
	local durable=(--durable) longest
	[[ $1 != nchan* ]] || durable=()
	begin probe "$bench/ping" "$sock" </dev/null >"$dir/ping"
	sse_load --connections 10000 --publish-rate 10 --duration 1s --storm --behind 1000 --drain 7s "${durable[@]}" || return
	end probe
	read -r longest <"$dir/ping"
	# When not all have caught up, there is no time in which they did.
	if jq -e '.result.caught_up < .settings.connections' "$dir/report" >/dev/null; then
		figures="- $longest !not_all_in_7_s"
	else
		sse_figures '.result.storm_s * 1e6' "$longest"
	fi
}

measure_sse_storm() {
	each storm 'bench{n}' 'sp-sse node:1 nchan:1' sse_measure_storm
}

show_sse_storm() {
	row "$1" 1 us '10,000 come back at once, 1,000 messages behind: all caught up' sp-sse 'nchan node' '' '<= 5e6'
	row "$1" 2 us 'the same: the longest that Redis kept another client waiting' sp-sse 'nchan node' '' '<= 50e3'
}
