#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The examples that people copy: they run as they stand.
bats_require_minimum_version 1.7.0
load helpers

@test "queue_worker.py: jobs by subprocess, with tokens, progress and a result" {
	local id
	id=$("$ROOT/examples/queue_worker.py" enqueue "$P" "{\"project\": \"$P\", \"prompt\": \"a pipe\"}")
	run -0 timeout 30 sp-xq work -q "$P" --drain -- "$ROOT/examples/queue_worker.py"
	[[ $(sp-xq result -q "$P" "$id") == '{"words": 8}' ]]
	[[ $(timeout 10 sp-sub -p "$P" -s story --text) == 'Once upon a time there was a pipe.' ]]
	sp-xq add -q "$P" '{"project": "7"}' >/dev/null
	run -1 timeout 30 sp-xq work -q "$P" --drain -- "$ROOT/examples/queue_worker.py"
	[[ $(sp-xq dead -q "$P" | jq '.history | length') -eq 1 ]]
}

@test "celery_app.py: a Celery task publishes its tokens with sp-pub" {
	/usr/bin/python3 -c 'import celery, redis' 2>/dev/null || skip 'python3-celery and python3-redis are not there: tests/deps test installs them'
	export REDIS_URL=$TCP_URL/3 PYTHONPATH=$ROOT/examples PYTHONDONTWRITEBYTECODE=1
	bg celery timeout 50 /usr/bin/python3 -m celery -A celery_app worker -l info --pool solo --without-gossip --without-mingle
	wait_until 30 says celery.err ready
	run -0 timeout 30 /usr/bin/python3 -c "import celery_app; print(celery_app.write.delay('$P', 'a pipe').get(timeout=25))"
	[[ $output == 8 ]]
	[[ $(timeout 10 sp-sub -p "$P" -s story --text) == 'Once upon a time there was a pipe.' ]]
}
