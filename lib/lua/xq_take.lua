-- Takes jobs: promotes what is due, takes back what expired or was released, then reads by priority; all in
-- one step, so that no crash can lose a job in between.
--
-- ARGV 1 consumer, 2 RUN of the taker, 3 number of its call, 4 n, 5 lease in ms, 6 retries of jobs that do not
-- say, 7 "1": strictly by priority.
--
-- Returns "NOW DUE PAUSED TOKEN", then two for each job: "REF ATTEMPT CRASHES RETRIES BORN ID" and its payload;
-- of a plain job in its first attempt "REF" alone. All jobs of a call have one token: it grows from call to
-- call, and so for each attempt of a job. A call that is sent again gets the same jobs again.
--
-- Leases. A sorted set by deadline finds what expired in O(log n), in the order of expiry; what one take delivers
-- has one entry there, its token (see dissolve). XAUTOCLAIM would
-- have to walk each stream's pending list with a cursor to be kept somewhere, looks at idle time only (a lease
-- of ten minutes beside one of ten seconds it cannot tell apart), and counts every look at an entry as a
-- delivery.
--
-- COUNT is per stream, and one XREADGROUP of three streams would bring up to 3n jobs: each is read alone.
--
-- To change the answer: 1. this; 2. queue_take.c.
local consumer, run, number, n = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, retries, strict = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local leases, running, meta, delayed = K .. ':leases', K .. ':running', K .. ':meta', K .. ':delayed'
local took = K .. ':took:' .. run
local out, records, told, had = {''}, {}, {}, {}
local known = call('GET', took)
local paused, turn, token = unpack(call('HMGET', meta, 'paused', 'turn', 'token'))
local got = 0

local function say(ref, attempt, crashes, limit, born, id, payload)
	out[#out + 1] = ref .. ' ' .. attempt .. ' ' .. crashes .. ' ' .. (limit == '-1' and retries or limit) ..
		' ' .. born .. ' ' .. id
	out[#out + 1] = payload
end

-- This call, or a later one, has been answered: what it took is told again, as far as it still holds.
if known and tonumber(match(known, '^%d+')) >= number then
	local t = match(known, '^%d+ (%d+)')
	for ref in string.gmatch(known, '%a%d+%-%d+') do
		local record = call('HGET', running, ref)
		local d = record and parse(record)
		local found = d and not d.released and d.token == t and
			call('XRANGE', STREAM[sub(ref, 1, 1)], sub(ref, 2), sub(ref, 2))[1]
		if found and match(known, '^%d+') == ARGV[3] then
			local payload, id, _, limit, born = read_entry(ref, found[2])
			say(ref, d.attempt, d.crashes, limit, born, id, payload)
		end
	end
	out[1] = format('%.0f 0 0 %s', now, t)
	return out
end

-- The server's microseconds, so that a failover that lost the last token does not give it twice.
local t = format('%.0f', math.max(tonumber(token or 0) + 1, time[1] * 1000000 + time[2]))
local deadline = format('%.0f', now + lease)
local rest = ' ' .. format('%.0f', now) .. ' ' .. consumer .. ' '
local plain = t .. ' 1 0' .. rest .. '='

-- Numbers become strings once, not for each job: that was half of the time of this script.
local function deliver(ref, fields, attempt, crashes)
	local i = 2 * got
	got = got + 1
	records[i + 1], told[got] = ref, ref
	if not attempt and #fields == 2 and fields[1] == 'j' then
		records[i + 2] = plain
		out[i + 2], out[i + 3] = ref, fields[2]
		return
	end
	local payload, id, attempts, limit, born, old = read_entry(ref, fields)
	attempt, crashes = attempt or attempts + 1, crashes or old
	records[i + 2] = t .. ' ' .. attempt .. ' ' .. crashes .. rest .. (id == ref and '=' or id)
	say(ref, attempt, crashes, limit, born, id, payload)
end

-- Jobs whose leases have ended, n at most. A take's comes apart here.
local function lapsed()
	while true do
		local members, whole = call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, n), true
		for _, member in ipairs(members) do
			if match(member, '^%d') then
				dissolve(member)
				whole = false
			end
		end
		if whole then
			return members
		end
	end
end

-- An expired lease is an attempt; who crashed in the last one is dead, and who was to be cancelled is gone.
local function take_back()
	local refs = lapsed()
	if #refs == 0 then
		return
	end
	local by, expired, orphans = {h = {}, m = {}, l = {}}, 0, {}
	local old = call('HMGET', running, unpack(refs))
	for i, ref in ipairs(refs) do
		by[sub(ref, 1, 1)][sub(ref, 2)] = old[i] and parse(old[i]) or nil
		orphans[ref] = true
	end
	for letter, wanted in pairs(by) do
		local ids = {}
		for id in pairs(wanted) do
			ids[#ids + 1] = id
		end
		-- XCLAIM brings the payloads too, and leaves out entries that are deleted.
		local entries = #ids > 0 and call('XCLAIM', STREAM[letter], 'xq', consumer, 0, unpack(ids)) or {}
		for _, entry in ipairs(entries) do
			local ref, d = letter .. entry[1], wanted[entry[1]]
			local payload, id, _, limit, born, _, history = read_entry(ref, entry[2])
			orphans[ref] = nil
			if d.cancelled then
				end_cancelled(ref, id, d.token)
			elseif d.released then
				had[#had + 1] = ref
				deliver(ref, entry[2], d.attempt, d.crashes)
			elseif d.attempt > (limit == '-1' and retries or tonumber(limit)) then
				remove({ref})
				bury(letter, id, payload, d.attempt, limit, born, add_history(history, d.attempt,
					'{"reason":"lease expired","worker":' .. cjson.encode(d.consumer) .. '}'), d.token)
				expired = expired + 1
			else
				had[#had + 1] = ref
				deliver(ref, entry[2], d.attempt + 1, d.crashes + 1)
				expired = expired + 1
			end
		end
	end
	for ref in pairs(orphans) do
		remove({ref})
	end
	if expired > 0 then
		call('HINCRBY', meta, 'expired', expired)
	end
end

local function promote()
	local ids = call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, math.max(n, 16))
	if #ids == 0 then
		return
	end
	local past = {}
	for i, id in ipairs(ids) do
		past[i] = 'h ' .. id
	end
	local where, payloads = call('HMGET', K .. ':jobs', unpack(ids)), call('HMGET', K .. ':bodies', unpack(ids))
	local histories = call('HMGET', K .. ':bodies', unpack(past))
	-- First what needs no memory: when there is none, the script stops before it changes anything.
	call('ZREM', delayed, unpack(ids))
	for i, id in ipairs(ids) do
		local letter, attempts, limit, born, crashes =
			match(where[i] or '', '^z (%a) (%d+) (%-?%d+) (%d+) (%d+)$')
		if letter and payloads[i] then
			put(letter, id, payloads[i], attempts, limit, born, crashes, histories[i] or '')
			call('HDEL', K .. ':bodies', id, past[i])
		end
	end
end

local failure
local function read(letter, want)
	if want <= 0 then
		return 0
	end
	local key = STREAM[letter]
	local answer = redis.pcall('XREADGROUP', 'GROUP', 'xq', consumer, 'COUNT', want, 'STREAMS', key, '>')
	if answer and answer.err and sub(answer.err, 1, 7) == 'NOGROUP' then
		call('XGROUP', 'CREATE', key, 'xq', '0', 'MKSTREAM')
		answer = call('XREADGROUP', 'GROUP', 'xq', consumer, 'COUNT', want, 'STREAMS', key, '>')
	end
	if not answer then
		return 0
	elseif answer.err then
		failure = answer
		return 0
	end
	local entries = answer[1][2]
	for i = 1, #entries do
		deliver(letter .. entries[i][1], entries[i][2])
	end
	return #entries
end

-- In ten jobs six are high, three medium, one low, evenly spread; what a priority cannot fill the others get,
-- the higher first. The turn goes on from call to call, so that it holds for calls of one job, too.
local function read_all()
	local want = n - got
	local quota = {h = want, m = 0, l = 0}
	if not strict then
		local order = 'hmhhmhlhmh'
		local rounds = floor(want / 10)
		quota = {h = rounds * 6, m = rounds * 3, l = rounds}
		turn = tonumber(turn or 0)
		for i = turn + 1, turn + want % 10 do
			local letter = sub(order, (i - 1) % 10 + 1, (i - 1) % 10 + 1)
			quota[letter] = quota[letter] + 1
		end
		turn = (turn + want) % 10
	end
	local dry = {}
	for _, letter in ipairs(LETTERS) do
		dry[letter] = quota[letter] > 0 and read(letter, quota[letter]) < quota[letter]
	end
	for _, letter in ipairs(LETTERS) do
		if got < n and not dry[letter] then
			read(letter, n - got)
		end
	end
end

if not paused and n > 0 then
	take_back()
	promote()
	if got < n then
		read_all()
	end
	if failure and got == 0 then
		return failure
	end
end

-- One entry for all; of a few each has its own, which costs less than to keep a list of them.
local function lease_all()
	if #had > 0 then
		call('ZREM', leases, unpack(had))
	end
	if got >= 4 then
		call('HSET', K .. ':takes', t, got, 'r ' .. t, table.concat(told, ' '))
		call('ZADD', leases, deadline, t)
		return
	end
	for i = 1, got do
		records[2 * i] = '+' .. records[2 * i]
		call('ZADD', leases, deadline, told[i])
	end
end

if got > 0 then
	lease_all()
	-- The first field is nobody's: a value of more than 64 bytes keeps the hash from being a list, which is
	-- searched from its beginning for each of a batch.
	call('HSET', running, '', string.rep('.', 65), unpack(records))
	call('HSET', meta, 'token', t, 'turn', turn or 0)
end
call('SET', took, ARGV[3] .. ' ' .. t .. ' ' .. table.concat(told, ' '), 'PX', math.max(lease, 60000))

-- What comes next, for those who wait. Nothing is left: tokens in the wake list are stale. Something is left,
-- or due before the others look by themselves: one more is woken, since whoever took may be busy for long.
local due = 0
if not paused then
	local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
	if got < n then
		local lapse = call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
		call('DEL', K .. ':wake')
		due = math.min(tonumber(first or '9e15'), tonumber(lapse or '9e15'))
		due = due < 9e15 and due or 0
	end
	if got > 0 and call('LLEN', K .. ':wake') == 0 then
		local left = 0
		if got == n then
			left = 1 - call('HLEN', running)
			for _, letter in ipairs(LETTERS) do
				left = left + call('XLEN', STREAM[letter])
			end
		end
		if left > 0 or (first and first - now < 10000) then
			wake(1)
		end
	end
end
out[1] = format('%.0f %.0f %d %s', now, due, paused and 1 or 0, t)
return out
