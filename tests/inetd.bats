#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sp-sse --inetd: one HTTP exchange; what a browser's EventSource, curl, and the rest of the world meet there.

load helpers
load http
load malformed

# --- Routes

@test "the stage route streams the run from its start and ends: connected, ids, messages, stream_end, clean close" {
	publish_run one two
	serve
	for path in "$(stage_path)" "$(stage_path)stream/" "$(stage_path)stream"; do
		get "$path" -D head >body
		tr -d '\r' <./head | diff <(printf '%s\n' "$STREAM_HEAD" '') -
		[[ $(types body) == 'connected token token done stream_end' ]]
		messages body | diff <(log_lines "$LOG" | jq -c .) -
		strict <body >events
		[[ $(head -n 1 events) == '{"retry": 2000}' ]]
		jq -r 'select(.data) | [.id, (.data | fromjson | .sp.id // "")] | join(" ")' events | sed -n 2,4p |
			awk '$1 == "" || $1 != $2 { exit 1 }'
		not grep -q '^event' body
	done
	path=$(stage_path)
	get "${path%/}" | strict | tail -n 1 | jq -e '.data | fromjson | .type == "stream_end" and .stage == "s"'
}

@test "connected and stream_end name the project and the stage, and no stored message does it for them" {
	publish_run a
	request "$(stage_path)" | answers 200
	strict <body | jq -c 'select(.data) | .data | fromjson | select(.sp | not)' >own
	jq -e -s --arg p "$P" 'length == 2 and all(.project_id == $p and .stage == "s" and (.timestamp | type) == "number"
		and (.message | length) > 0)' own
	[[ $(R XLEN "$LOG") -eq 2 ]]
}

@test "the project route follows all stages live, with or without slash and stream/, and does not end" {
	local path n=0 names=()
	publish_run old
	serve
	path=$(project_path)
	for path in "$path" "${path%/}" "${path}stream/" "${path}stream"; do
		n=$((n + 1)) names+=("reader$n")
		reader "reader$n" "$path"
	done
	for n in "${names[@]}"; do
		wait_until 5 connected "$n"
	done
	publish_run a
	stage=t publish b
	for n in "${names[@]}"; do
		wait_until 5 says "$n.out" '"content":"b"'
		[[ $(types "$n.out") == 'connected token done token' ]]
		strict --cut <"$n.out" | jq -r 'select(.data) | .data | fromjson | .stage // "-"' | paste -sd ' ' >stages
		echo '- s s t' | diff - stages
	done
}

@test "a reader of one project sees nothing of another, whatever the names look like" {
	serve
	reader stage "$(stage_path s)"
	reader project "$(project_path)"
	wait_until 5 connected stage
	wait_until 5 connected project
	for other in "x$P" "${P}x"; do
		sp-pub -p "$other" -s s token content=alien
	done
	sp-pub -p "$P" -s s2 token content=neighbour
	R PUBLISH "other:project:$P:stage:s" '{"type":"token","content":"alien"}'
	publish_run mine
	wait_until 5 says project.out mine
	wait_until 5 says stage.out stream_end
	not says stage.out alien
	not says stage.out neighbour
	not says project.out alien
	says project.out neighbour
}

@test "--namespace and names in any script: decoded once, byte for byte" {
	sp-pub --namespace nö:x -p "$P-é%2F" -s 'a&b=c+d' 'done' full_text=here
	request "/api/v1/sse/projects/$P-%C3%A9%252F/stages/a&b=c+d/" | answers 200 --namespace nö:x
	says body '"full_text":"here"'
}

@test "--event-names names every event, the server's own too" {
	publish_run a
	request "$(stage_path)" | answers 200 --event-names
	strict <body | jq -r 'select(.data) | .event' | paste -sd ' ' >names
	echo 'connected token done stream_end' | diff - names
}

@test "HTTP/1.0, an absolute target, many header fields and a query that means nothing are served" {
	publish_run a
	raw 200 "GET $(stage_path) HTTP/1.0\r\n\r\n"
	raw 200 "GET http://any.example:81$(stage_path)?x=1&y HTTP/1.1\r\nHost: any.example:81\r\nConnection: keep-alive\r\n\r\n"
	[[ $(types body) == 'connected token done stream_end' ]]
	raw 200 "GET $(stage_path) HTTP/1.1\r\nHost: a\r\n$(printf 'X-%d: y\\r\\n' $(seq 99))\r\n"
	raw 431 "GET $(stage_path) HTTP/1.1\r\nHost: a\r\n$(printf 'X-%d: y\\r\\n' $(seq 100))\r\n"
}

# --- The channel route

@test "the channel route serves only what --allow admits, percent-encoded, with or without slash" {
	local encoded
	encoded=$(jq -rn --arg c "$C" '$c | @uri')
	request "/api/v1/sse/channels/$encoded/" | answers 403
	request "/api/v1/sse/channels/$encoded/" | answers 403 --allow 'other*' --allow "${C}x" --allow "x$C"
	serve --allow 'other*' --allow "$C" --allow 'chat:*'
	reader plain "/api/v1/sse/channels/$encoded"
	reader odd "/api/v1/sse/channels/chat%3A$C%2Fa%20%2Bb/"
	wait_until 5 connected plain
	wait_until 5 connected odd
	sp-pub -c "$C" token content=1
	sp-pub -c "chat:$C/a +b" token content=2
	wait_until 5 says plain.out '"content":"1"'
	wait_until 5 says odd.out '"content":"2"'
	[[ $(types plain.out) == 'connected token' && $(types odd.out) == 'connected token' ]]
	[[ $(get "/api/v1/sse/channels/chat/" -o /dev/null -w '%{http_code}') == 403 ]]
}

@test "a channel's stream does not end with done, starts live, and resumes after a cursor" {
	serve --allow '*'
	printf '{"type":"token","content":"%s"}\n' a b | sp-pub -c "$C" --from json
	reader live "/api/v1/sse/channels/$C/"
	wait_until 5 connected live
	sp-pub -c "$C" 'done'
	wait_until 5 says live.out '"type":"done"'
	sp-pub -c "$C" token content=c
	wait_until 5 says live.out '"content":"c"'
	[[ $(types live.out) == 'connected done token' ]]
	reader again "/api/v1/sse/channels/$C/" -H "Last-Event-ID: $(R XRANGE "$C:log" - + COUNT 1 | head -n 1)"
	wait_until 5 says again.out '"content":"c"'
	[[ $(types again.out) == 'connected token done done token' ]]
}

@test "the channel route never opens a stage, a log, a control channel or a project, however they are written" {
	local name
	publish secret
	sp-pub -c "$C" token content=secret
	for name in "sp:project:$P:stage:s" "sp%3Aproject%3A$P%3Astage%3As" "sp%3aproject:$P:stage%3as" "x:y:project:$P:stage:s" \
		"sp:project:$P:log" "sp:project:$P:ctl" "sp:project:$P" "sp:project:$P:stage" "$C:log" "$C:ctl" "$C%3Alog" "$C%3actl" \
		"a:project:b:stage:%6cog" "$C%3A%6C%6f%67"; do
		request "/api/v1/sse/channels/$name/" | answers 403 --allow '*' --allow "$name" --allow 'sp:*'
		request "/api/v1/sse/channels/$name/" 'Last-Event-ID: 0-0' | answers 403 --allow '*'
		request "/api/v1/sse/channels/$name/?since=0" | answers 403 --allow '*'
		not says answer secret
	done
}

@test "what is encoded twice is decoded once: it names a channel of that odd name, not a stage" {
	serve --allow '*'
	publish secret
	reader twice "/api/v1/sse/channels/sp%253Aproject%253A$P%253Astage%253As/?since=0"
	reader glob "/api/v1/sse/channels/sp:project:$P:stage:%2A/?since=0"
	reader star "/api/v1/sse/channels/sp:project:*/?since=0"
	wait_until 5 connected twice
	wait_until 5 connected glob
	wait_until 5 connected star
	publish_run secret
	R PUBLISH "sp%3Aproject%3A$P%3Astage%3As" '{"marker":1}'
	R PUBLISH "sp:project:$P:stage:*" '{"marker":1}'
	R PUBLISH "sp:project:*" '{"marker":1}'
	for name in twice glob star; do
		wait_until 5 says "$name.out" marker
		not says "$name.out" secret
	done
}

# --- Resuming

@test "a reader that comes back after the end gets 204 and no stream, whatever ended the run" {
	local last
	publish_run a
	last=$(id_of 2)
	for cursor in "$last" "${last%-*}-99" "9$last"; do
		request "$(stage_path)" "Last-Event-ID: $cursor" | answers 204
		[[ ! -s body ]]
	done
	printf '%s\n' 'HTTP/1.1 204 No Content' 'Connection: close' 'Cache-Control: no-store' 'X-Content-Type-Options: nosniff' '' |
		diff - head
	request "$(stage_path)?last_event_id=$last" | answers 204
	# In front of the end there is something left to tell.
	request "$(stage_path)" "Last-Event-ID: $(id_of 1)" | answers 200
	[[ $(types body) == 'connected done stream_end' ]]
	# A new run, and the old cursor is good again; after its error the same.
	run -1 sp-pub -p "$P" -s s --from json <<<'{"type":"error","error":"x"}'
	request "$(stage_path)" "Last-Event-ID: $last" | answers 200
	[[ $(types body) == 'connected error stream_end' ]]
	request "$(stage_path)" "Last-Event-ID: $(id_of 3)" | answers 204
}

@test "204 is for one stage only: a project has no end" {
	publish_run a
	serve
	reader project "$(project_path)" -H "Last-Event-ID: $(id_of 2)"
	wait_until 5 connected project
	publish b
	wait_until 5 says project.out '"content":"b"'
	[[ $(types project.out) == 'connected token' ]]
}

# resumes WANT REQUEST...: the tokens that come; the run is t1 … t5.
resumes() {
	request "$(stage_path)${2-}" "${@:3}" | answers 200
	[[ $(tokens body | paste -sd ' ') == "$1" ]] && return
	echo "$* got $(tokens body | paste -sd ' ')" >&2
	return 1
}

@test "every form of the cursor resumes right behind it; the header wins, then the query in its order" {
	local two four
	publish_run t1 t2 t3 t4 t5
	two=$(id_of 2) four=$(id_of 4)
	resumes 't1 t2 t3 t4 t5'
	resumes 't3 t4 t5' '' "Last-Event-ID: $two"
	resumes 't3 t4 t5' '' "last-event-id:$two  "
	resumes 't3 t4 t5' "?last_event_id=$two"
	resumes 't3 t4 t5' "?lastEventId=$two"
	resumes 't3 t4 t5' "?since=$two"
	resumes 't3 t4 t5' "?x=1&since=${two/-/%2D}&y"
	resumes 't1 t2 t3 t4 t5' '?since=0'
	resumes 't1 t2 t3 t4 t5' '?since=run'
	resumes 't1 t2 t3 t4 t5' '?since=1h'
	resumes 't5' "?last_event_id=$two&lastEventId=$two&since=$two" "Last-Event-ID: $four"
	resumes 't5' "?since=$two&lastEventId=$two&last_event_id=$four"
	resumes 't5' "?since=$two&lastEventId=$four"
	resumes 't1 t2 t3 t4 t5' '' 'Last-Event-ID: 0-0'
}

@test "?since=now follows from now on" {
	publish_run a
	serve
	reader now "$(stage_path)?since=now"
	wait_until 5 connected now
	publish_run b
	wait_until 5 gone "$bg_pid"
	[[ $(tokens now.out) == b ]]
}

@test "a malformed cursor in the query is 400 and says which" {
	local bad
	publish_run a
	for bad in x 1-2-3 1- -1 0x1 1-2x %00 %zz 1%0A-2 "$(printf '1%.0s' {1..70})" 99999999999999999999999-1 ''; do
		for name in last_event_id lastEventId since; do
			request "$(stage_path)?$name=$bad" | answers 400
		done
	done
	request "$(stage_path)?last_event_id=x" | answers 400
	says body last_event_id
	request "$(stage_path)?since=1-0&since=2-0" | answers 400
	request "$(stage_path)?since=yesterday" | answers 400
	says body since
	request "$(project_path)?since=x" | answers 400
	# A right one in front of it does not hide it from nobody: the first form that is there decides.
	request "$(stage_path)?last_event_id=1-0&since=x" | answers 200
}

@test "another server's Last-Event-ID counts as none" {
	publish_run a b
	for header in x 42a 1-2-3 '' 'event-7' '{"a":1}' 1,2 "$(printf 'é')" '99999999999999999999-1'; do
		resumes 'a b' '' "Last-Event-ID: $header"
	done
	resumes 'a b' '' 'Last-Event-ID: 1-0' 'Last-Event-ID: 2-0'
	# … and then the query counts.
	resumes 'b' "?since=$(id_of 1)" 'Last-Event-ID: x'
}

@test "a gap event tells of messages that the log does not have any more" {
	publish_run t1 t2 t3
	local one three
	one=$(id_of 1) three=$(id_of 3)
	R XTRIM "$LOG" MAXLEN = 2 >/dev/null
	request "$(stage_path)" "Last-Event-ID: $one" | answers 200
	[[ $(types body) == 'connected gap token done stream_end' ]]
	strict <body | jq -c 'select(.data) | .id as $id | .data | fromjson | select(.type == "gap") | [.after, .before, $id]' >gap
	echo "[\"$one\",\"$three\",\"\"]" | diff - gap
	# Nothing is missing behind the one in front of the first, or within.
	request "$(stage_path)" "Last-Event-ID: $three" | answers 200
	[[ $(types body) == 'connected done stream_end' ]]
}

@test "a log that is gone altogether is a gap too" {
	local cursor
	publish_run a b
	cursor=$(id_of 1)
	R DEL "$LOG" >/dev/null
	serve
	reader back "$(stage_path)" -H "Last-Event-ID: $cursor"
	wait_until 5 connected back
	wait_until 5 says back.out '"gap"'
	publish_run c
	wait_until 5 gone "$bg_pid"
	[[ $(types back.out) == 'connected gap token done stream_end' ]]
	strict <back.out | jq -e -s --arg c "$cursor" 'map(select(.data) | .data | fromjson | select(.type == "gap"))[0]
		| .after == $c and .before == null'
}

@test "a reader of all stages that loses its connection before the first message misses nothing" {
	local first cursor
	serve
	for first in empty used; do
		reader before "$(project_path)"
		wait_until 5 connected before
		end_process "$bg_pid" KILL
		strict --cut <before.out >events
		[[ $(types before.out) == connected ]]
		cursor=$(jq -r 'select(.data) | .id' events)
		[[ $cursor =~ ^[0-9]+-[0-9]+$ ]]
		# While it is away; it never saw a message of either run.
		publish_run "$first-1" "$first-2"
		stage=t publish "$first-3"
		reader after "$(project_path)" -H "Last-Event-ID: $cursor"
		wait_until 5 says after.out "$first-3"
		[[ $(types after.out) == 'connected token token done token' ]]
		tokens after.out | paste -sd ' ' | grep -qx "$first-1 $first-2 $first-3"
		end_process "$bg_pid" KILL
	done
}

@test "so does the reader of a channel" {
	serve --allow '*'
	reader before "/api/v1/sse/channels/$C/"
	wait_until 5 connected before
	end_process "$bg_pid" KILL
	sp-pub -c "$C" token content=a
	reader after "/api/v1/sse/channels/$C/" -H "Last-Event-ID: $(strict --cut <before.out | jq -r 'select(.data) | .id')"
	wait_until 5 says after.out '"content":"a"'
	[[ $(types after.out) == 'connected token' ]]
}

@test "an EventSource that is cut off again and again sees every message once, in order, and stops at 204" {
	numbers 60 | sed 's/.*/{"type":"token","content":"&"}/' >in
	serve --retry 10ms
	bg source "$PYTHON" "$ROOT/tests/sse-strict.py" --source web "$(stage_path)" --leave-after 7 --chunk 300
	head -n 20 in | sp-pub -p "$P" -s s --from json --no-end
	wait_until 5 says source.out '\"content\":\"20\"'
	tail -n 40 in | sp-pub -p "$P" -s s --from json
	ends "$bg_pid"
	cat source.err
	[[ $status -eq 0 ]]
	jq -r 'select(.data) | .data | fromjson | select(.type == "token") | .content' source.out | diff <(numbers 60) -
	jq -r 'select(.data) | .data | fromjson | .type' source.out | grep -c '^done$' | grep -qx 1
	not says source.out '\"gap\"'
	# It was cut off, and each time came back with the id it had seen last.
	grep open source.out | head -30 # what is to be judged
	jq -s 'map(select(has("open"))) | length >= 8 and .[0].open == "" and .[-1].status == 204' source.out | grep -qx true
}

@test "a reader that comes late, or in mid-answer, sees the run from its start" {
	mkfifo in
	exec {feed}<>in
	bg_in=in bg publisher sp-pub -p "$P" -s s --from lines
	echo a >&"$feed"
	echo b >&"$feed"
	serve
	reader one "$(stage_path)"
	wait_until 5 says one.out '"content":"b\n"'
	echo c >&"$feed"
	wait_until 5 says one.out '"content":"c\n"'
	reader two "$(stage_path)"
	wait_until 5 says two.out '"content":"c\n"'
	exec {feed}>&-
	end_process "${PIDS[0]}" TERM
	for name in one two; do
		wait_until 5 says "$name.out" stream_end
		strict <"$name.out" | jq -r 'select(.data) | .data | fromjson | select(.type == "token") | .content' | paste -sd '|' >got
		echo 'a||b||c|' | diff - got
	done
}

# --- While it streams

@test "silence is filled with comments, not more often than said" {
	serve --heartbeat 100ms --retry 3s
	reader idle "$(stage_path)"
	beats() { [[ $(grep -c '^: ' idle.out) -ge $1 ]]; }
	local start=${EPOCHREALTIME/./}
	wait_until 5 beats 3
	[[ $((${EPOCHREALTIME/./} - start)) -ge 250000 ]]
	strict --cut <idle.out | jq -e -s '.[0].retry == 3000 and (map(select(.comment)) | length >= 3)
		and (map(select(.data)) | length == 1)'
}

@test "each message goes out as it comes" {
	serve
	reader live "$(stage_path)"
	wait_until 5 connected live
	for word in a b c; do
		publish "$word"
		wait_until 5 says live.out "\"content\":\"$word\""
	done
	sp-pub -p "$P" -s s 'done'
	wait_until 5 gone "$bg_pid"
	wait "$bg_pid"
}

@test "what other programs publish is delivered as it is, and cannot break out of its event" {
	serve
	reader live "$(project_path)"
	wait_until 5 connected live
	R PUBLISH "$STAGE" $'x\r\nid: 9-9\n\ndata: evil\n\nevent: evil\rretry: 1' >/dev/null
	R PUBLISH "$STAGE" '{"type":"token","content":"plain"}' >/dev/null
	R PUBLISH "$STAGE" '' >/dev/null
	publish last
	wait_until 5 says live.out '"content":"last"'
	strict --cut <live.out >events
	jq -r 'select(.data) | .event' events | sort -u | grep -qx message
	jq -s 'map(select(has("retry"))) | length' events | grep -qx 1
	jq -r 'select(.data) | .data' events | sed -n 2,9p >got
	printf 'x\nid: 9-9\n\ndata: evil\n\nevent: evil\nretry: 1\n{"type":"token","content":"plain"}\n' | diff - got
	jq -r 'select(.data) | .id' events | not grep 9-9
}

@test "a message of 1 MiB goes through whole" {
	{
		printf '{"type":"token","content":"'
		head -c 1000000 /dev/zero | tr '\0' x
		printf '"}\n'
	} | sp-pub -p "$P" -s s --from json --full-text none
	serve
	get "$(stage_path)" >body
	tokens body | wc -c | grep -qx 1000001
}

@test "Redis killed and started again in mid-stream is only a pause: every message once, in order, no gap" {
	local redis_pid redis=$PWD/redis
	own_redis "$redis" --appendonly yes --appendfsync always
	redis_pid=$own_pid REDIS_URL=$own_url
	serve --heartbeat 50ms
	mkfifo in
	exec {feed}<>in
	bg_in=in bg publisher sp-pub -p "$P" -s s --from lines
	local publisher=$bg_pid
	reader one "$(stage_path)"
	reader all "$(project_path)"
	wait_until 5 connected one
	wait_until 5 connected all
	numbers 100 a >&"$feed"
	wait_until 5 says one.out '"content":"a 100\n"'
	kill -KILL "$redis_pid"
	wait_until 5 gone "$redis_pid"
	numbers 100 b >&"$feed"
	wait_until 5 says server.err 'retrying'
	# The reader's connection lives on: comments keep coming.
	local beats
	beats=$(grep -c '^: ' one.out) || true
	more_beats() { [[ $(grep -c '^: ' one.out) -gt $((beats + 1)) ]]; }
	wait_until 5 more_beats
	own_redis "$redis" --appendonly yes --appendfsync always
	wait_until 8 says all.out '"content":"b 100\n"'
	numbers 100 c >&"$feed"
	wait_until 8 says all.out '"content":"c 100\n"'
	exec {feed}>&-
	end_process "$publisher" TERM
	wait_until 8 says one.out stream_end
	for name in one all; do
		tokens "$name.out" | grep . | diff <(numbers 100 a && numbers 100 b && numbers 100 c) -
		types "$name.out" | tr ' ' '\n' | sort | uniq -c | awk '{ print $1, $2 }' >counts
		grep -qx '1 connected' counts && not grep -q gap counts
	done
	lines pids 2 && not lines pids 3
}

@test "a reader whose Redis connections are cut misses and repeats nothing" {
	serve
	reader one "$(stage_path)"
	wait_until 5 connected one
	for word in a b c; do
		publish "$word"
		R CLIENT KILL TYPE pubsub >/dev/null
	done
	publish_run end
	wait_until 8 says one.out stream_end
	tokens one.out | paste -sd ' ' | grep -qx 'a b c end'
	not says one.out '"gap"'
}

# --- Readers that leave, and those that do not take what is sent

@test "when the reader leaves, the process ends at once: over TCP, over a Unix socket, killed or polite" {
	local start transport
	for transport in unix tcp; do
		rm -f pids web
		if [[ $transport == unix ]]; then serve; else serve_tcp; fi
		for signal in KILL TERM; do
			rm -f pids
			reader leaving "$(stage_path)"
			wait_until 5 connected leaving
			started 1
			not gone "$(server_of 1)"
			start=${EPOCHREALTIME/./}
			end_process "$bg_pid" "$signal"
			wait_until 2 gone "$(server_of 1)"
			echo "$transport $signal: $((${EPOCHREALTIME/./} - start)) us" >&3
		done
		end_process "$server_pid" TERM
	done
}

@test "when the reader leaves while Redis is away, the process ends as well" {
	own_redis "$PWD/redis"
	local redis_pid=$own_pid REDIS_URL=$own_url
	serve_tcp
	reader leaving "$(stage_path)"
	wait_until 5 connected leaving
	end_process "$redis_pid" KILL
	wait_until 5 says server.err retrying
	end_process "$bg_pid" KILL
	wait_until 2 gone "$(server_of 1)"
}

@test "when the reader of two pipes leaves, the next comment finds out" {
	mkfifo out
	exec {held}<>out
	request "$(stage_path)" >in.http
	sp-sse --inetd --heartbeat 100ms <in.http >out 2>err {held}>&- 3>&- &
	bg_pid=$!
	PIDS+=("$bg_pid")
	read -r -t 5 -u "$held" line
	[[ $line == 'HTTP/1.1 200 OK'* ]]
	exec {held}>&-
	wait_until 2 gone "$bg_pid"
	[[ ! -s err ]]
}

@test "a reader that closes only its own side still gets its stream" {
	serve_tcp
	request "$(stage_path)" >in.http
	bg_in=in.http bg half socat -t 30 - "TCP:127.0.0.1:$port"
	# The server looks for the reader once it saw the end of its side: two comments, a moment apart.
	wait_until 5 says half.out ': heartbeat'
	publish a
	wait_until 5 says half.out '"content":"a"'
	sp-pub -p "$P" -s s 'done'
	ends "$bg_pid"
	split half.out
	[[ $(types body) == 'connected token done stream_end' ]]
}

@test "a reader that stops reading costs bounded memory, and gets every message once, in order, when it goes on" {
	local n=40000 curl server
	own_redis "$PWD/redis" --client-output-buffer-limit 'pubsub 1mb 512kb 1'
	export REDIS_URL=$own_url
	serve
	reader slow "$(stage_path)"
	curl=$bg_pid
	wait_until 5 connected slow
	server=$(server_of 1)
	kill -STOP "$curl"
	numbers "$n" | sed 's/.*/{"type":"token","content":"&","padding":"01234567890123456789012345678901234567890123456789012345678901234567890123456789"}/' |
		sp-pub -p "$P" -s s --from json --maxlen 0 --full-text none
	# Redis has cut the reader off by now, and our process sits in its write.
	wait_until 5 cut_off
	[[ $(grep -c . slow.out) -lt $n ]]
	not gone "$server"
	peak=$(peak_of "$server")
	kill -CONT "$curl"
	while not gone "$server"; do
		peak=$(peak_of "$server" || echo "$peak")
		sleep 0.02
	done
	ends "$curl" 20
	[[ $status -eq 0 ]]
	tokens slow.out | cmp - <(numbers "$n")
	[[ $(types slow.out | tr ' ' '\n' | sort -u | paste -sd ' ') == 'connected done stream_end token' ]]
	echo "peak: $peak kB"
	is_sanitized || [[ $peak -lt 8192 ]]
}

cut_off() {
	[[ $(redis-cli -s "$own_socket" CLIENT LIST TYPE pubsub | grep -c .) -eq 0 ]]
}

peak_of() { # PID: the most memory it ever had, in kB
	awk '/^VmHWM/ { print $2; found = 1 } END { exit !found }' "/proc/$1/status" 2>/dev/null
}

# --- Answers

@test "HEAD on a stream answers its headers and nothing else" {
	for path in "$(stage_path)" "$(project_path)"; do
		printf 'HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n' "$path" | answers 200
		printf '%s\n' "$STREAM_HEAD" '' | diff - head
		[[ ! -s body ]]
	done
	printf 'HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n' | answers 200
	[[ ! -s body ]] && says head 'Content-Length: 3'
	printf 'HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n' | answers 404
	[[ ! -s body ]]
	printf 'HEAD /api/v1/sse/channels/x/ HTTP/1.1\r\nHost: a\r\n\r\n' | answers 403
	[[ ! -s body ]]
}

@test "OPTIONS tells the methods; other methods are 405 and say which would do; POST is 403 without a key" {
	allows() { # METHOD PATH CODE ALLOW
		printf '%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}' "$1" "$2" | answers "$3"
		says head "Allow: $4"
	}
	allows OPTIONS "$(stage_path)" 204 'GET, HEAD, POST, OPTIONS'
	allows OPTIONS "$(project_path)" 204 'GET, HEAD, OPTIONS'
	allows OPTIONS /healthz 204 'GET, HEAD, OPTIONS'
	for method in PUT DELETE PATCH TRACE BREW get; do
		allows "$method" "$(stage_path)" 405 'GET, HEAD, POST, OPTIONS'
		allows "$method" "$(project_path)" 405 'GET, HEAD, OPTIONS'
		allows "$method" /readyz 405 'GET, HEAD, OPTIONS'
	done
	allows POST "$(project_path)" 405 'GET, HEAD, OPTIONS'
	allows GET "$(stage_path)stop" 405 'POST, OPTIONS'
	for path in "$(stage_path)" "$(stage_path)stop/" /api/v1/sse/channels/c/ /api/v1/sse/channels/c/stop; do
		printf 'POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n{"type":"forged"}' "$path" | answers 403 --allow '*'
		says body -- --key
	done
	[[ $(R EXISTS "$LOG") -eq 0 ]]
}

@test "every answer but a stream has its length, closes, is not cached and not sniffed" {
	for path in /healthz /nowhere "$(stage_path)?since=x"; do
		request "$path" | exchange
		says head 'Connection: close'
		says head 'Cache-Control: no-store'
		says head 'X-Content-Type-Options: nosniff'
		says head 'Content-Type: text/plain; charset=utf-8'
		[[ $(sed -n 's/^Content-Length: //p' head) -eq $(wc -c <body) ]]
	done
}

@test "what is not a route is 404" {
	for path in / /status /metrics /api /api/v1/sse /api/v1/sse/ /api/v1/sse/projects/ "/api/v1/sse/projects/$P/stages/" \
		"/api/v1/projects/$P/state" "/api/v1/sse/projects/$P/stages/s/x" "/api/v1/sse/projects/$P//" "//api/v1/sse/projects/$P/" \
		"/API/v1/sse/projects/$P/" "/healthz/x" /healthz%2f "/api/v1/sse/projects/../projects/$P/stages/s/" \
		"/api/v1/sse/projects/$P/./stages/s/" "/api/v1/sse/projects/./stages/s/" "/x/..$(stage_path)" "/api/v1/sse/channels/a/b/" \
		"/api/v1/sse/channels//" "/%61pi/v1/sse/projects/$P/"; do
		request "$path" | answers 404 --allow '*'
	done
}

@test "names that are not legal, or not legally encoded, are 400" {
	local name
	for name in %zz % %2 %00 a%00b %2F a%2Fb %2e%2e . .. %2E %C0%AF %C0%80 %E0%80%AF %ED%A0%80 %F4%90%80%80 %FF %C3 a%20b a%3Ab %2A a%3F \
		%5Ba%5D %5C %0D%0A %7F %C2%85 %E2%80%A8 %E2%80%A9 "$(printf 'a%.0s' {1..129})" 'a:b' 'a*' 'a[b]'; do
		for path in "/api/v1/sse/projects/$name/stages/s/" "/api/v1/sse/projects/$P/stages/$name/" "/api/v1/sse/projects/$name/"; do
			case $name in
			. | ..) request "$path" | answers 404 ;;
			*) request "$path" | answers 400 ;;
			esac
		done
	done
	for name in %00 %zz %0a; do
		request "/api/v1/sse/channels/$name/" | answers 400 --allow '*'
	done
	# The longest legal name is served.
	sp-pub -p "$P" -s "$(printf 'a%.0s' {1..128})" 'done'
	request "$(stage_path "$(printf 'a%.0s' {1..128})")" | answers 200
}

# --- Malformed requests

@test "each kind of malformed request is 400, and nothing is served" {
	local path line
	publish_run secret
	path=$(stage_path)
	malformed() {
		raw 400 "$1"
		not says answer secret || return
		[[ $status -eq 0 ]]
	}
	each_malformed "$path" malformed
	line="GET $path HTTP/1.1\r\nHost: a\r\n"
	raw 505 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	raw 505 "GET $path HTTP/0.9\r\n\r\n"
	raw 501 "${line}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
}

@test "one empty line in front of the request is tolerated, and bytes behind it are not looked at" {
	publish_run a
	raw 200 "\r\nGET $(stage_path) HTTP/1.1\r\nHost: a\r\n\r\n"
	raw 200 "GET $(stage_path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\001\002GET / HTTP/1.1\r\n\r\n"
	[[ $(grep -c HTTP answer) -eq 1 ]]
}

@test "a request is the same however it is cut into pieces" {
	publish_run a
	for text in "$(printf 'GET %s HTTP/1.1|Host: a|Last-Event-ID: %s||' "$(stage_path)" "$(id_of 1)")" \
		'HEAD / HTTP/1.1|Host: a|X: y|broken|' 'POST /x HTTP/1.1|Host : a||' 'HEAD /healthz HTTP/1.1|Host: a||'; do
		printf '%s' "$text" | sed 's/|/\r\n/g' >whole
		exchange <whole
		sed 's/"timestamp":[0-9.]*//' answer >want
		# A byte at a time: the next one is sent when the last one was taken.
		python - "$text" <<-'END' >answer
			import fcntl, array, socket, subprocess, sys, termios, time
			ours, theirs = socket.socketpair()
			child = subprocess.Popen(['sp-sse', '--inetd'], stdin=theirs, stdout=theirs)
			def unread():
			    n = array.array('i', [0])
			    fcntl.ioctl(theirs, termios.FIONREAD, n)
			    return n[0]
			for byte in open('whole', 'rb').read():
			    ours.sendall(bytes([byte]))
			    while unread() and child.poll() is None:
			        time.sleep(0)
			theirs.close()
			ours.settimeout(10)
			try:
			    while data := ours.recv(65536):
			        sys.stdout.buffer.write(data)
			except ConnectionResetError:
			    pass
			sys.stdout.flush()
			ours.close()
			sys.exit(child.wait(10))
		END
		sed 's/"timestamp":[0-9.]*//' answer | diff want -
	done
}

@test "a refusal of a request that came in pieces touches only its own memory" {
	# The buffer has moved since the method was read; a sanitizer's build shows it.
	long=$(printf 'a%.0s' {1..3000})
	pieces() { # PIECE...
		local piece
		for piece in "$@"; do
			# shellcheck disable=SC2059 # a format
			printf "$piece"
			sleep 0.02 # not waited for: pieces that come together only test less
		done
	}
	pieces 'HEAD / HTTP/1.1\r\n' ' bad\r\n\r\n' | answers 400
	[[ $status -eq 0 ]]
	pieces 'HEAD / HTTP/1.1\r\n' "X: $long\r\n" "X: $long\r\n" "X: $long\r\n" | answers 431
	[[ $status -eq 0 ]]
	pieces 'HEAD / HTTP/1.1\r\n' "X: $long\r\n" 'X' | answers 400
	[[ $status -eq 0 ]]
}

@test "a head above the cap is 431, one of exactly the cap is served" {
	head_of_size() { # BYTES
		local path start
		path=$(stage_path)
		start="GET $path HTTP/1.1\r\nHost: a\r\nX: "
		# shellcheck disable=SC2059 # a format
		start=$(printf "$start")
		printf '%s' "$start"
		head -c $(($1 - ${#start} - 4)) /dev/zero | tr '\0' x
		printf '\r\n\r\n'
	}
	publish_run a
	head_of_size 8192 | answers 200
	head_of_size 8193 | answers 431
	head_of_size 300000 | answers 431
	head_of_size 500 | answers 200 --max-header 500
	head_of_size 501 | answers 431 --max-header 500
	head_of_size 20000 | answers 200 --max-header 20k
	# Nothing but a long line.
	head -c 9000 /dev/zero | tr '\0' x | answers 431
	# A reader that is still sending is listened to, so that it comes to read the answer.
	serve_tcp
	head_of_size 300000 | socat -t 5 - "TCP:127.0.0.1:$port" >answer
	split answer
	[[ $code == 431 ]]
}

@test "a head that does not come in time is 408; who says nothing gets nothing" {
	serve --header-timeout 200ms
	mkfifo in
	exec {feed}<>in
	bg_in=in bg slow socat -t 0.1 - UNIX-CONNECT:web
	printf 'GET / HTTP/1.1\r\nX: ' >&"$feed"
	ends "$bg_pid" 5
	split slow.out
	[[ $code == 408 ]]
	bg_in=in bg silent socat -t 0.1 - UNIX-CONNECT:web
	ends "$bg_pid" 5
	[[ ! -s silent.out ]]
	exec {feed}>&-
	wait_until 5 gone "$(server_of 1)"
	wait_until 5 gone "$(server_of 2)"
}

@test "bytes that keep trickling in do not extend the time for the head" {
	mkfifo in
	exec {feed}<>in
	bg_in=in bg slow sp-sse --inetd --header-timeout 300ms
	trickle() {
		printf 'x' >&"$feed"
		gone "$bg_pid"
	}
	printf 'GET / HTTP/1.1\r\nX: ' >&"$feed"
	wait_until 5 trickle
	split slow.out
	[[ $code == 408 ]]
}

@test "TERM ends the process while it waits for the head, at once and with 143" {
	mkfifo in
	exec {feed}<>in
	bg_in=in bg waiting sp-sse --inetd
	catches() { # TERM, so it is past its start
		awk '/^SigCgt/ { exit substr($2, length($2) - 3, 1) !~ /[4567cdef]/ }' "/proc/$1/status"
	}
	wait_until 5 catches "$bg_pid"
	kill -TERM "$bg_pid"
	ends "$bg_pid" 2
	exec {feed}>&-
	[[ $status -eq 143 && ! -s waiting.out ]]
}

@test "TERM and INT end a stream at once" {
	serve
	for signal in TERM INT; do
		rm -f pids
		reader one "$(stage_path)"
		wait_until 5 connected one
		kill "-$signal" "$(server_of 1)"
		wait_until 2 gone "$bg_pid"
		strict <one.out >/dev/null
	done
}

# --- CORS

@test "without --cors no answer says anything about other origins" {
	request "$(stage_path)?since=x" 'Origin: https://a.example' | answers 400
	not grep -qi '^access-control\|^vary' head
}

@test "an origin that is listed is echoed, on streams and refusals; others get nothing" {
	publish_run a
	granted() {
		says head 'Vary: Origin' && says head "Access-Control-Allow-Origin: $1" &&
			[[ $(grep -ci '^access-control-allow-origin' head) -eq 1 ]]
	}
	local options=(--cors https://a.example --cors http://localhost:3000)
	for path in "$(stage_path) 200" "/nowhere 404" "$(stage_path)?since=x 400" "/api/v1/sse/channels/x 403" "/healthz 200"; do
		for origin in https://a.example http://localhost:3000; do
			request "${path% *}" "Origin: $origin" | answers "${path##* }" "${options[@]}"
			granted "$origin"
			says head 'Access-Control-Allow-Credentials: true'
		done
		for origin in https://a.example.evil https://a.example:444 http://a.example HTTPS://A.EXAMPLE null '' '*' https://a.examplE; do
			request "${path% *}" "Origin: $origin" | answers "${path##* }" "${options[@]}"
			says head 'Vary: Origin'
			not grep -qi '^access-control' head
		done
		request "${path% *}" | answers "${path##* }" "${options[@]}"
		says head 'Vary: Origin'
	done
	request "$(stage_path)" 'Origin: https://any.example' | answers 200 --cors '*'
	granted '*'
	not says head Credentials
}

@test "a 204 after the end, a 503 and an EventSource's empty stream are readable across origins too" {
	publish_run a
	request "$(stage_path)" 'Origin: https://a.example' "Last-Event-ID: $(id_of 2)" | answers 204 --cors https://a.example
	says head 'Access-Control-Allow-Origin: https://a.example'
	local away=(-u "unix://$PWD/nowhere" --connect-timeout 100ms --cors https://a.example)
	request "$(stage_path)" 'Origin: https://a.example' | answers 503 "${away[@]}"
	says head 'Access-Control-Allow-Origin: https://a.example'
	request "$(stage_path)" 'Origin: https://a.example' 'Accept: text/event-stream' | answers 200 "${away[@]}"
	says head 'Access-Control-Allow-Origin: https://a.example'
}

@test "a preflight is granted with the headers a reader needs, without looking at Redis or the route" {
	preflight() { # CODE ORIGIN OPTION...
		printf '%s\r\n' "OPTIONS $(stage_path) HTTP/1.1" 'Host: a' "Origin: $2" 'Access-Control-Request-Method: GET' \
			'Access-Control-Request-Headers: last-event-id,authorization' '' | answers "$1" "${@:3}" -u "unix://$PWD/nowhere"
	}
	preflight 204 https://a.example --cors https://a.example
	says head 'Access-Control-Allow-Origin: https://a.example'
	grep -qi '^access-control-allow-headers:.*last-event-id' head
	grep -qi '^access-control-allow-headers:.*authorization' head
	grep -qi '^access-control-allow-methods:.*GET' head
	says head 'Vary: Origin'
	preflight 204 https://b.example --cors https://a.example
	not grep -qi '^access-control' head
	preflight 204 https://a.example
	not grep -qi '^access-control' head
}

# --- Redis away, and health

@test "/healthz is well without Redis; /readyz asks it" {
	request /healthz | answers 200
	request /healthz/ | answers 200
	request /readyz | answers 200
	request /healthz | answers 200 -u "unix://$PWD/nowhere"
	request /readyz | answers 503 -u "unix://$PWD/nowhere"
	[[ -s body ]]
	own_redis "$PWD/redis" --requirepass secret
	request /readyz | answers 503 -u "$own_url"
	request /readyz | answers 200 -u "$own_url?password=secret"
	kill -STOP "$own_pid"
	request /readyz | answers 503 -u "$own_url" --connect-timeout 200ms --timeout 200ms
	kill -CONT "$own_pid"
}

@test "while Redis is away, curl gets 503 with Retry-After, and an EventSource 200 with retry: and the end" {
	local away=(-u "unix://$PWD/nowhere" --connect-timeout 150ms) seconds
	request "$(stage_path)" | answers 503 "${away[@]}"
	[[ $status -eq 69 ]]
	seconds=$(sed -n 's/^Retry-After: //p' head)
	[[ $seconds -ge 1 && $seconds -le 60 ]]
	request "$(stage_path)" 'Accept: text/html, text/event-stream' | answers 200 "${away[@]}"
	printf '%s\n' "$STREAM_HEAD" '' | diff - head
	strict <body | jq -e -s 'map(select(.retry)) | length == 1 and .[0].retry >= 1000 and .[0].retry <= 60000'
	not grep -q '^data' body
	# Many that come back at once must not come back at once.
	for _ in 1 2 3 4 5; do
		request "$(stage_path)" 'Accept: text/event-stream' | exchange -u "unix://$PWD/nowhere" --connect-timeout 1ms
		grep '^retry' body
	done | sort -u | wc -l >different
	[[ $(<different) -ge 3 ]]
}

@test "a Redis that hangs is as good as away" {
	own_redis "$PWD/redis"
	kill -STOP "$own_pid"
	request "$(stage_path)" | answers 503 -u "$own_url" --connect-timeout 200ms
	request "$(stage_path)" | answers 503 -u "$own_tcp" --connect-timeout 200ms
	kill -CONT "$own_pid"
}

@test "a Redis that comes back within the time to connect is in time" {
	local redis=$PWD/redis
	request "$(stage_path)" >in.http
	bg_in=in.http bg waiting sp-sse --inetd -u "unix://$redis/redis.sock"
	local waiting=$bg_pid
	wait_until 5 says waiting.err retrying
	own_redis "$redis"
	sp-pub -u "$own_url" -p "$P" -s s 'done'
	ends "$waiting" 8
	split waiting.out
	[[ $code == 200 && $(types body) == 'connected done stream_end' ]]
}

@test "what Redis refuses for good is 503 with one line in the log, and no secret in the answer" {
	own_redis "$PWD/redis" --requirepass secret
	request "$(stage_path)" | answers 503 -u "$own_url?password=wrong"
	[[ $status -eq 77 && $(wc -l <exchange.err) -eq 1 ]]
	not grep -q 'wrong\|unix' answer
	R SET "$LOG" x >/dev/null
	request "$(stage_path)" | answers 503
	R DEL "$LOG" >/dev/null
	[[ $status -eq 65 ]]
}

# --- Who may read

@test "without authentication only loopback is served, over IPv4, IPv6 and both in one; --insecure serves all" {
	if unshare -n true 2>/dev/null; then
		space=(unshare -n)
	elif unshare -rn true 2>/dev/null; then
		space=(unshare -rn)
	else
		skip 'NOT TESTED: no network namespace can be made here (unshare -n)'
	fi
	command -v ip >/dev/null || skip 'NOT TESTED: ip(8) is missing'
	publish_run a
	write_server
	sed 's/--inetd/& --insecure/' server >insecure
	chmod +x insecure
	cat >inside <<-'END'
		ip link set lo up
		ip address add 192.0.2.77/32 dev lo
		ip address add 2001:db8::77/128 dev lo nodad 2>/dev/null && six=yes
		serve() { # LISTEN PROGRAM
			socat -d -d "$1,reuseaddr,fork" "EXEC:./$2,nofork" 2>socat.err 3>&- &
			pid=$!
			wait_until 10 grep -qs 'listening on' socat.err
		}
		ask() { # NAME HOST
			echo "$1 $2 $(curl -sg --max-time 5 -o body -w '%{http_code}' "http://$2:8000$path") $(grep -c '"content":"a"' body)"
			rm -f body
		}
		rest() {
			kill "$pid"
			wait "$pid" 2>/dev/null
			rm socat.err
		}
		serve TCP4-LISTEN:8000 server
		ask four 127.0.0.1
		ask four 127.9.9.9
		ask four 192.0.2.77
		rest
		serve TCP4-LISTEN:8000 insecure
		ask insecure 192.0.2.77
		rest
		[ -n "$six" ] || exit 0
		serve TCP6-LISTEN:8000,ipv6only=0 server
		ask six '[::1]'
		ask six '[2001:db8::77]'
		ask mapped 127.0.0.1
		ask mapped 192.0.2.77
		rest
		exit 0
	END
	export -f wait_until
	path=$(stage_path) "${space[@]}" bash inside >got 2>&1
	{
		printf '%s\n' 'four 127.0.0.1 200 1' 'four 127.9.9.9 200 1' 'four 192.0.2.77 403 0' 'insecure 192.0.2.77 200 1'
		if grep -q '^six' got; then
			printf '%s\n' 'six [::1] 200 1' 'six [2001:db8::77] 403 0' 'mapped 127.0.0.1 200 1' 'mapped 192.0.2.77 403 0'
		fi
	} | diff - got
	says server.err --insecure
}

@test "a Unix socket, pipes and files count as this machine" {
	publish_run a
	serve
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
	request "$(stage_path)" | answers 200
	request "$(stage_path)" >in.http
	sp-sse --inetd <in.http >answer
	split answer
	[[ $code == 200 ]]
}

# --- Standard error that is the connection

@test "what is said on standard error never reaches the reader, even when it is the same socket" {
	# shellcheck disable=SC2034 # write_server looks at it
	local server_stderr=socket
	publish_run a
	serve -v
	get "$(stage_path)" -i >answer
	not says answer 'sp-sse:'
	split answer
	[[ $(types body) == 'connected token done stream_end' ]]
	end_process "$server_pid" TERM
	serve -v -u "unix://$PWD/nowhere" --connect-timeout 200ms
	get "$(stage_path)" -i >answer
	not says answer sp-sse
	not says answer retrying
	grep -q '^HTTP/1.1 503' answer
}

@test "nor does a wrong configuration: what it says is for the log, and may name files" {
	# shellcheck disable=SC2034 # write_server looks at it
	local server_stderr=socket
	for wrong in '--key secret-file' '-u @/secret/file' '-u redis://host/secret' '--cors secret/' '--secret'; do
		# shellcheck disable=SC2086 # words
		serve $wrong
		request /healthz | socat -t 5 - UNIX-CONNECT:web >answer 2>/dev/null || true # not curl: it hides what is no HTTP
		started 1
		cat answer
		not says answer secret
		not says answer sp-sse
		end_process "$server_pid" TERM
	done
}

# --- Super-servers

@test "it works behind socat over TCP, for several readers at a time" {
	serve_tcp
	for n in 1 2 3 4 5; do
		reader "reader$n" "$(stage_path)"
	done
	for n in 1 2 3 4 5; do
		wait_until 5 connected "reader$n"
	done
	publish_run a b
	for n in 1 2 3 4 5; do
		wait_until 5 says "reader$n.out" stream_end
		[[ $(types "reader$n.out") == 'connected token token done stream_end' ]]
	done
	for n in 1 2 3 4 5; do
		wait_until 3 gone "$(server_of "$n")"
	done
}

@test "it works behind socat with pipes in between" {
	write_server
	bg socat socat UNIX-LISTEN:web,fork EXEC:./server,pipes
	wait_until 5 listens web
	publish_run a
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
}

@test "it works under inetd(8)" {
	command -v inetd >/dev/null || skip 'NOT TESTED: there is no inetd (Debian: openbsd-inetd)'
	not kill -0 "$(cat /run/inetd.pid 2>/dev/null)" 2>/dev/null || skip 'NOT TESTED: this machine runs an inetd, and a second one would take over its pid file'
	# shellcheck disable=SC2034 # write_server looks at it
	local server_stderr=socket
	publish_run a
	write_server
	echo "$PWD/web stream unix nowait $(id -un) $PWD/server server" >inetd.conf
	bg inetd inetd -E -i "$PWD/inetd.conf"
	wait_until 5 listens "$PWD/web"
	get "$(stage_path)" -D head >body
	tr -d '\r' <./head | diff <(printf '%s\n' "$STREAM_HEAD" '') -
	[[ $(types body) == 'connected token done stream_end' ]]
	[[ $(get "$(stage_path)" -o /dev/null -w '%{http_code}' -H "Last-Event-ID: $(id_of 2)") == 204 ]]
	end_process "$bg_pid" TERM # it removes its pid file
	[[ ! -s server.err ]]
}

@test "it works under systemd with Accept=yes" {
	local activate
	activate=$(command -v systemd-socket-activate) || skip 'NOT TESTED: there is no systemd-socket-activate'
	publish_run a
	write_server
	bg systemd "$activate" -l "$PWD/web" -a --inetd "$PWD/server"
	wait_until 5 listens "$PWD/web"
	get "$(stage_path)" -D head >body
	tr -d '\r' <./head | diff <(printf '%s\n' "$STREAM_HEAD" '') -
	[[ $(types body) == 'connected token done stream_end' ]]
}

@test "it works under tcpserver" {
	command -v tcpserver >/dev/null || skip 'NOT TESTED: there is no tcpserver (Debian: ucspi-tcp)'
	publish_run a
	write_server
	bg tcpserver tcpserver -v -H -R -l 0 127.0.0.1 0 ./server
	local_port() {
		port=$(ss -Htlnp 2>/dev/null | sed -n "s/.*127\.0\.0\.1:\([0-9]*\) .*pid=$bg_pid,.*/\1/p")
		[[ -n $port ]]
	}
	command -v ss >/dev/null || skip 'NOT TESTED: there is no ss(8) to find the port'
	wait_until 5 local_port
	[[ $(get "$(stage_path)" | types /dev/stdin) == 'connected token done stream_end' ]]
}
