#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# xq-spool: jobs that `sp-xq add --spool` keeps while Redis is away, and who delivers them: the next add, or a
# worker; each once, whatever dies in between.

load helpers
load xq

# Jobs on standard input into the spool f, as if Redis were away.
spool() { # [FILE]
	xq add -u "unix://$PWD/nobody" --connect-timeout 50ms --spool "${1:-f}" >ids 2>add.err
	[[ ! -s ids ]]
	says add.err 'kept in the spool'
}

ran() { # N: at least so many runs
	[[ $(cat runs 2>/dev/null | wc -l) -ge $1 ]]
}

emptied() { # FILE: nothing is left to deliver
	[[ $(stat -c %s "$1") -lt 100 ]]
}

@test "a worker delivers the spool at its start, each job once, and works on them" {
	seq 900 | spool
	run -0 xq work --drain --spool f --batch 50 --pipe -- sh -c 'while read -r n; do echo "$n" >>runs; echo "$n"; done'
	[[ $output == *'spool f: added 900 jobs'* ]]
	diff <(sort -n runs) <(seq 900)
	emptied f
	run -0 xq work --drain --spool f -- true
	[[ $output == '' ]]
	stats_are '[0,0,900]'
}

@test "a spool that comes while the worker runs is delivered when Redis is back" {
	own_redis "$PWD/r" --appendonly yes --appendfsync always
	local port REDIS_URL=$own_url
	export REDIS_URL
	port=$(redis-cli -s "$own_socket" CONFIG GET port | tail -n 1)
	bg w sp-xq work -q "$Q" --spool f -- sh -c 'cat >>runs'
	wait_until 10 bash -c "redis-cli -s '$own_socket' CLIENT LIST | grep -q cmd=blpop"
	end_process "$own_pid" KILL
	wait_until 10 says w.err retrying
	seq 20 | xq add --connect-timeout 50ms --spool f >ids 2>add.err
	[[ ! -s ids ]]
	own_port=$port own_redis "$PWD/r" --appendonly yes --appendfsync always
	wait_until 20 ran 20
	wait_until 5 says w.err 'added 20 jobs'
	wait_until 5 stats_are '[0,0,20]'
	diff <(sort -n runs) <(seq 20)
}

@test "a spool that comes while the worker has Redis is delivered, too: add had another way" {
	bg w sp-xq work -q "$Q" --spool f --self-test 1s -- sh -c 'cat >>runs'
	wait_until 10 xq stats
	seq 5 | spool
	wait_until 15 ran 5
	wait_until 5 emptied f
	# Nothing holds the file meanwhile.
	echo 6 | spool
	wait_until 15 ran 6
}

@test "kill -9 of workers that deliver, of Redis and of add: each job is added once" {
	own_redis "$PWD/r" --appendonly yes --appendfsync always
	local port i REDIS_URL=$own_url n=0
	export REDIS_URL
	port=$(redis-cli -s "$own_socket" CONFIG GET port | tail -n 1)
	for i in 1 2 3 4 5 6; do
		end_process "$own_pid" KILL
		seq $((n + 1)) $((n + 10000)) | xq add --connect-timeout 50ms --spool f >ids 2>>add.err
		n=$((n + 10000))
		own_port=$port own_redis "$PWD/r" --appendonly yes --appendfsync always
		# Paused: the worker delivers, and nobody takes.
		xq pause
		bg "w$i" sp-xq work -q "$Q" --spool f -- true
		sleep "0.0$i"
		kill -KILL "$bg_pid"
	done
	seq $((n + 1)) $((n + 10000)) | timeout -s KILL 0.1 sp-xq add -q "$Q" --spool f >>ids 2>>add.err || true
	bg last sp-xq work -q "$Q" --spool f -- true
	wait_until 20 emptied f
	xq resume
	end_process "$bg_pid" TERM
	while xq take -n 1000 >jobs; do
		xq ack <jobs
		jq .job jobs >>all
	done
	[[ $(sort -n all | uniq -d | wc -l) -eq 0 ]]
	# The adder that was killed had said nothing of what it had not kept.
	[[ $(sort -n all | head -n 60000 | tail -n 1) -eq 60000 ]]
}

@test "one of several queues, and the file says which; a file of none of them is 65" {
	seq 3 | spool
	run -0 timeout 20 sp-xq work -q "$Q-other" -q "$Q" --drain --spool f -- sh -c 'cat >>runs'
	[[ $(sort runs | paste -sd' ') == '1 2 3' ]]
	seq 3 | spool
	run -65 timeout 20 sp-xq work -q "$Q-other" --drain --spool f -- true
	echo nonsense >g
	run -65 xq work --drain --spool g -- true
	[[ $output == *'g: exists and is not a spool file'* ]]
	run -0 xq work --drain --spool nothing-there -- true
	[[ ! -e nothing-there ]]
}

@test "a file that somebody else has is left to him, and add waits for a worker that has it for a moment" {
	seq 3 | spool
	bg holder flock f sh -c 'touch locked; until [ -e go ]; do sleep 0.02; done'
	wait_until 10 test -e locked
	run -0 xq work --drain --spool f -- sh -c 'cat >>runs'
	[[ ! -e runs ]]
	bg add sp-xq add -q "$Q" --spool f 4
	sleep 0.2
	touch go
	ends "$bg_pid"
	[[ $status -eq 0 && $(wc -l <add.out) -eq 4 ]]
	rm go locked
	bg holder flock f sh -c 'touch locked; until [ -e go ]; do sleep 0.02; done'
	wait_until 10 test -e locked
	run -75 xq add --connect-timeout 100ms --spool f 5
	[[ $output == *'another process is using it'* ]]
	touch go
}

@test "a record that is damaged is told, and what stands in front of it is delivered" {
	seq 500 | spool
	seq 501 900 | spool
	# A record that is whole, and no batch: the sum is right.
	python3 - <<-'END'
		def crc(data):
		    c = 0xffffffff
		    for b in data:
		        c ^= b
		        for _ in range(8):
		            c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
		    return c ^ 0xffffffff
		body = b'Mnonsense'
		with open('f', 'ab') as f:
		    f.write((len(body) - 1).to_bytes(4, 'little') + crc(body).to_bytes(4, 'little') + body)
	END
	bg w sp-xq work -q "$Q" --spool f --batch 100 -- sh -c 'cat >>runs'
	wait_until 20 ran 900
	says w.err 'spool f: damaged'
	[[ $(grep -c damaged w.err) -eq 1 ]]
	run ! emptied f
}

@test "a disk that is full: 74, what was kept is told and delivered, nothing else" {
	local kept
	if ! unshare --mount --map-root-user sh -c 'mkdir -p disk && mount -t tmpfs -o size=64k tmpfs disk' 2>/dev/null; then
		skip 'no tmpfs of our own can be mounted here'
	fi
	mkdir -p disk
	seq 100000 >in
	# shellcheck disable=SC2016 # for the inner shell
	run -74 timeout 20 unshare --mount --map-root-user sh -c 'mount -t tmpfs -o size=64k tmpfs disk &&
		{ sp-xq add -q "$1" -u "unix://$PWD/nobody" --connect-timeout 50ms --spool disk/f <in; s=$?; cp disk/f f; exit $s; }' - "$Q"
	[[ $output == *'No space left on device'* && $output == *'jobs are safe, the others are not added'* ]]
	kept=$(sed -n 's/.*the first \([0-9]*\) jobs are safe.*/\1/p' <<<"$output")
	((kept > 400 && kept < 100000))
	xq add --spool f </dev/null >ids
	[[ $(wc -l <ids) -eq $kept ]]
	diff <(while xq take -n 1000 | tee jobs | jq .job && [[ -s jobs ]]; do xq ack <jobs; done) <(seq "$kept")
}

@test "a limit of the file's size: 74 while Redis is away, and while it is there" {
	seq 100000 >in
	# Not caught by the shell: the signal is the tool's business.
	run -74 timeout 20 bash -c 'ulimit -f 64; exec sp-xq add -q "$1" -u "unix://$2/nobody" --connect-timeout 50ms --spool f <in' - "$Q" "$PWD"
	[[ $output == *'File too large'* ]]
	run -74 timeout 20 bash -c 'ulimit -S -f 64; set -o pipefail; sp-xq add -q "$1" --spool g <in 2>err | (ulimit -f unlimited; cat) >ids' - "$Q"
	[[ $(sed -n 's/.*the first \([0-9]*\) jobs are safe.*/\1/p' err) -eq $(wc -l <ids) ]]
	[[ $(R XLEN "$TAG:medium") -eq $(wc -l <ids) ]]
}
