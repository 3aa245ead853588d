#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# providers: the recorded streams of real providers go in as they came off the wire, and come out as messages.

load helpers

STREAMS=${SPOUT_STREAMS:-$ROOT/../shared/llm-streams}

# What is wrong with the results in stdin, a line each; $want maps names to what is expected.
# shellcheck disable=SC2016 # jq's variables
COMPARE='
def content(type): [.messages[] | select(.type == type) | .content] | add // "";
.name as $name | $want[$name] as $w | .messages[-1] as $last
| ($w.error != null or ($w.finish_reason == null and ($w.terminated | not))) as $fails
| [
	["status", .status, if $fails then 1 else 0 end],
	["end", $last.type, if $fails then "error" else "done" end],
	["ends", ([.messages[] | select(.type == "done" or .type == "error")] | length), 1],
	["seqs", [.messages[].sp.seq], [range(.messages | length)]],
	["text", content("token"), $w.text],
	["full_text", (if $fails then $w.text else $last.full_text end), $w.text],
	["tokens", ([.messages[] | select(.type == "token")] | length), $w.text_deltas],
	["reasoning", content("reasoning"), $w.reasoning],
	["refusal", content("refusal"), ($w.refusal // "")],
	["tool_calls", [.messages[] | select(.type == "tool_call") | [.index, .call_id, .name, .arguments]],
		[$w.tool_calls | to_entries[] | [.key, (.value.id // ""), .value.name, .value.arguments]]],
	["finish_reason", $last.metadata.finish_reason, $w.finish_reason],
	["usage", $last.metadata.usage, $w.usage],
	["tokens_used", ($last.metadata.tokens_used | type), if $w.usage == null then "null" else "number" end],
	["detail", $last.detail, $w.error],
	["error", ($last.error | type), if $fails then "string" else "null" end]
] | .[] | select(.[1] != .[2]) | [$name] + . | @json'

# Publishes each recording of a dialect; results has a line each: its name, its status and its messages.
publish_all() { # DIALECT FORMAT
	local name status channel n=0 file
	while read -r name; do
		n=$((n + 1)) channel=$C.$2.$n status=0
		for file in "$STREAMS/$name".sse "$STREAMS/$name".ndjson; do
			[[ -e $file ]] && break
		done
		timeout 10 sp-pub -c "$channel" -f "$2" --reasoning <"$file" 2>err || status=$?
		printf '{"name":"%s","status":%d,"messages":[%s]}\n' "$name" "$status" "$(log_lines "$channel:log" | paste -sd,)"
		R UNLINK "$channel:log" >/dev/null
	done < <(jq -r --arg d "$1" 'select(.value.from == $d) | .key' <<<"$(jq -c 'to_entries[]' want)") >results
	[[ $n -gt 0 && $(wc -l <results) -eq $n ]]
}

dialect() { # NAME [NAME in the expectations]
	if [[ ! -d $STREAMS ]]; then
		echo "# NO RECORDED STREAMS in $STREAMS: nothing of providers is tested (see SPOUT_STREAMS)" >&3
		skip "NO RECORDED STREAMS in $STREAMS"
	fi
	local format
	(cd "$STREAMS" && jq -n 'reduce inputs as $i ({}; .[input_filename | rtrimstr(".expected.json")] = $i)' \
		./*.expected.json) | jq -c 'with_entries(.key |= ltrimstr("./"))' >want
	for format in "$1" auto; do
		publish_all "${2:-$1}" "$format"
		jq -r --slurpfile wants want '$wants[0] as $want | '"$COMPARE" results >wrong
		sed "s/^/--from $format: /" wrong
		[[ ! -s wrong ]]
	done
}

@test "each recorded stream of OpenAI and its imitators comes out as expected, by name and by auto" {
	dialect openai
}

@test "each recorded stream of OpenAI's Responses comes out as expected, by name and by auto" {
	dialect responses openai-responses
}

@test "each recorded stream of Anthropic comes out as expected, by name and by auto" {
	dialect anthropic
}

@test "each recorded stream of Gemini comes out as expected, by name and by auto" {
	dialect gemini
}

@test "each recorded stream of Ollama comes out as expected, by name and by auto" {
	dialect ollama
}

@test "each recorded stream of Cohere comes out as expected, by name and by auto" {
	dialect cohere
}

# An OpenAI stream of the deltas given, as JSON, with its end.
openai() { # DELTA...
	printf 'data: {"model":"m","choices":[{"index":0,"delta":%s}]}\n\n' "$@"
	printf 'data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
	printf 'data: [DONE]\n\n'
}

@test "a piece is published as it comes, not when the stream ends" {
	mkfifo in
	bg_in=in bg pub sp-pub -c "$C" -f openai
	exec 4>in
	printf 'data: {"choices":[{"delta":{"content":"first"}}]}\n\n' >&4
	wait_until 5 logged "$C:log" 1
	openai '{"content":" last"}' >&4
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ "$(log_lines "$C:log" | text_of)" = 'first last' ]
}

@test "reasoning is published only with --reasoning, and is no part of the text" {
	openai '{"reasoning_content":"hm"}' '{"content":"yes"}' | timeout 10 sp-pub -c "$C" -f openai
	[ "$(log_lines "$C:log" | jq -r .type | tr '\n' ' ')" = 'token done ' ]
	openai '{"reasoning_content":"hm"}' '{"content":"yes"}' | timeout 10 sp-pub -c "$C.2" -f openai --reasoning
	[ "$(log_lines "$C.2:log" | jq -r '.content // .full_text' | tr '\n' ' ')" = 'hm yes yes ' ]
}

@test "done has the model and the finish reason next to its own numbers" {
	openai '{"content":"yes"}' | timeout 10 sp-pub -c "$C" -f auto
	log_lines "$C:log" | tail -n 1 | jq -e '.metadata | .model == "m" and .finish_reason == "stop" and .bytes == 3
		and .latency_ms >= 0 and .ttft_ms >= 0 and has("usage") == false'
}

@test "a stream that stops before its end is an error, and the status 1, also for a COMMAND that succeeds" {
	printf 'data: {"choices":[{"delta":{"content":"cut"}}]}\n\n' >cut
	run -1 timeout 10 sp-pub -c "$C" -f openai <cut
	run -1 timeout 10 sp-pub -c "$C.2" -f openai -- cat cut
	: >empty
	run -1 timeout 10 sp-pub -c "$C.3" -f auto <empty
	for channel in "$C" "$C.2" "$C.3"; do
		log_lines "$channel:log" | tail -n 1 | jq -e '.type == "error" and (.error | length) > 0'
	done
	run -7 timeout 10 sp-pub -c "$C.4" -f openai -- sh -c 'cat cut; exit 7'
	log_lines "$C.4:log" | tail -n 1 | jq -e '.exit_status == 7'
}

@test "an error of the provider's in the stream's place is told in its own words" {
	run -1 timeout 10 sp-pub -c "$C" -f auto <<<'{"error":{"message":"no such key","type":"auth","code":401}}'
	log_lines "$C:log" | jq -e '.error == "no such key" and .detail.code == 401 and .retry_count == 0'
}

@test "what is no provider's stream, or another's, is 65, and what stood in front of it is published" {
	run -65 timeout 10 sp-pub -c "$C" -f auto <<<'Once upon a time'
	[[ $output == *'line 1'* ]]
	run -65 timeout 10 sp-pub -c "$C.2" -f openai <<<'data: {"type":"message_start","message":{}}'
	(openai '{"content":"good"}' | head -n 2; printf 'data: {bad}\n\n') >in
	run -65 timeout 10 sp-pub -c "$C.3" -f openai <in
	[ "$(log_lines "$C.3:log" | jq -r .type | tr '\n' ' ')" = 'token error ' ]
}

@test "--tee writes the text of a provider's stream, unescaped, and nothing else" {
	openai '{"reasoning_content":"hm"}' '{"content":"a \"b\"\n"}' '{"content":"\u00e9"}' |
		timeout 10 sp-pub -c "$C" -f auto --tee --reasoning >out
	cmp out <(printf 'a "b"\né')
}

@test "--batch joins tokens, the first goes at once, and nothing of the text is lost" {
	openai '{"content":"1"}' '{"content":"2"}' '{"content":"3"}' '{"content":"4"}' '{"reasoning":"r"}' '{"content":"5"}' |
		timeout 10 sp-pub -c "$C" -f openai --reasoning -b 2
	[ "$(log_lines "$C:log" | jq -r '.content // .full_text' | tr '\n' ' ')" = '1 23 4 r 5 12345 ' ]
}

@test "--linger bounds how long a token waits for others" {
	mkfifo in
	bg_in=in bg pub sp-pub -c "$C" -f lines -b 100 -l 200ms
	exec 4>in
	echo first >&4
	wait_until 5 logged "$C:log" 1
	printf 'a\nb\n' >&4
	before=${EPOCHREALTIME/./}
	wait_until 5 logged "$C:log" 2
	[ $((${EPOCHREALTIME/./} - before)) -gt 150000 ]
	exec 4>&-
	ends "$bg_pid"
	[ "$status" -eq 0 ]
	[ "$(log_lines "$C:log" | jq -c 'select(.type == "token").content' | tr '\n' ' ')" = '"first\n" "a\nb\n" ' ]
}
