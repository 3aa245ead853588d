-- What all scripts of a queue have in common; the build puts it in front of each xq_*.lua.
--
-- KEYS[1] TAG, {NS:q:QUEUE}: lib/queue.h tells which keys there are. The others are made from it here: they
-- share its hash tag and so its Cluster slot, and a call carries one name instead of fifteen.
local K, call = KEYS[1], redis.call
local match, sub, floor, format = string.match, string.sub, math.floor, string.format
local time = call('TIME')
local now = time[1] * 1000 + floor(time[2] / 1000)
local STREAM = {h = K .. ':high', m = K .. ':medium', l = K .. ':low'}
local LETTERS = {'h', 'm', 'l'}

-- Wakes up to n idle workers. A token in the list is either taken at once by one that waits, or lies there
-- until a worker that finds nothing clears it: so a few always do.
local function wake(n)
	local there = call('LLEN', K .. ':wake')
	for _ = there + 1, math.min(n, 8) do
		call('RPUSH', K .. ':wake', '1')
	end
end

-- Counts in this minute's hash, which lives a quarter of an hour.
local function in_minute(field, n)
	local key = K .. ':minute:' .. floor(now / 60000)
	if call('HINCRBY', key, field, n) == n then
		call('EXPIRE', key, 900)
	end
end

-- A time's bucket: four to the octave.
local function bucket(ms)
	return floor(math.log(math.max(ms, 0) + 1) * 5.7707801635558535)
end

-- What is told of a delivery; `shares`: its lease is that of its take.
local function parse(record)
	local sign, token, attempt, crashes, taken, consumer, id, flag =
		match(record, '^([+-]?)(%d+) (%d+) (%d+) (%d+) (%S+) (%S+)( ?c?)$')
	return {released = sign == '-', shares = sign == '', token = token, attempt = tonumber(attempt), crashes = tonumber(crashes),
		taken = tonumber(taken), consumer = consumer, id = id, cancelled = flag == ' c'}
end

-- An entry's payload, id, attempts spent, retries ('-1': the worker's choice), born, crashes, history. Entries
-- that somebody else wrote have other fields: then the job is an object of them.
local function read_entry(ref, fields)
	local payload, id, attempts, retries, born, crashes, history
	if fields[1] == 'j' and fields[3] == 'm' then
		id, attempts, retries, born, crashes = match(fields[4], '^(%S+) (%d+) (%-?%d+) (%d+) (%d+)$')
		payload, history = fields[2], fields[6]
	elseif fields[1] == 'j' and #fields == 2 then
		payload = fields[2]
	else
		local object = {}
		for i = 1, #fields, 2 do
			object[fields[i]] = fields[i + 1]
		end
		payload = cjson.encode(object)
	end
	return payload, id or ref, tonumber(attempts or 0), retries or '-1', born or match(ref, '^.(%d+)'),
		tonumber(crashes or 0), history or ''
end

-- Makes an entry of a job that is not a plain new one; returns its REF and keeps the index.
local function put(letter, id, payload, attempts, retries, born, crashes, history)
	local meta = id .. ' ' .. attempts .. ' ' .. retries .. ' ' .. born .. ' ' .. crashes
	local entry
	if history ~= '' then
		entry = call('XADD', STREAM[letter], '*', 'j', payload, 'm', meta, 'h', history)
	else
		entry = call('XADD', STREAM[letter], '*', 'j', payload, 'm', meta)
	end
	local ref = letter .. entry
	call('HSET', K .. ':jobs', id, 's ' .. ref)
	return ref
end

-- Takes entries off their streams: XACK and XDEL together, with all that belongs to the delivery.
local function remove(refs)
	local by = {}
	for _, ref in ipairs(refs) do
		local letter = sub(ref, 1, 1)
		local list = by[letter]
		if not list then
			list = {}
			by[letter] = list
		end
		list[#list + 1] = sub(ref, 2)
	end
	for letter, list in pairs(by) do
		call('XACK', STREAM[letter], 'xq', unpack(list))
		call('XDEL', STREAM[letter], unpack(list))
	end
	call('HDEL', K .. ':running', unpack(refs))
	call('ZREM', K .. ':leases', unpack(refs))
	call('HDEL', K .. ':progress', unpack(refs))
end

-- The jobs of one take share its lease, which is one entry in place of a thousand, until one of them goes a way
-- of its own: then each that is still held gets a lease of its own, with the same end.
local function dissolve(token)
	local ends = call('ZSCORE', K .. ':leases', token)
	local list = call('HGET', K .. ':takes', 'r ' .. token)
	-- First what needs no memory, as everywhere.
	call('ZREM', K .. ':leases', token)
	call('HDEL', K .. ':takes', token, 'r ' .. token)
	local refs, records, scores = {}, {}, {}
	for ref in string.gmatch(list or '', '%S+') do
		refs[#refs + 1] = ref
	end
	local old = #refs > 0 and call('HMGET', K .. ':running', unpack(refs))
	for i, ref in ipairs(refs) do
		if old[i] and sub(old[i], 1, #token + 1) == token .. ' ' then
			records[#records + 1], records[#records + 2] = ref, '+' .. old[i]
			scores[#scores + 1], scores[#scores + 2] = ends or now, ref
		end
	end
	if #records > 0 then
		call('HSET', K .. ':running', unpack(records))
		call('ZADD', K .. ':leases', unpack(scores))
	end
end

-- How many jobs' leases have ended by `at`: exact unless more than a thousand entries have.
local function count_lapsed(at)
	local n = call('ZCOUNT', K .. ':leases', 1, at)
	for _, member in ipairs(call('ZRANGEBYSCORE', K .. ':leases', 1, at, 'LIMIT', 0, 1000)) do
		if match(member, '^%d') then
			n = n - 1 + (call('HGET', K .. ':takes', member) or 0)
		end
	end
	return n
end

-- Remembers how jobs ended: pairs of id and "STATE TOKEN AT RESULT". Five generations are kept; a new one
-- begins after a quarter of keep ms, or when this one is large.
local function remember(pairs_, bytes, keep)
	local meta = K .. ':meta'
	local gen, at = unpack(call('HMGET', meta, 'gen', 'gen_at'))
	local size = call('HINCRBY', meta, 'gen_bytes', bytes + 64 * #pairs_)
	gen = tonumber(gen or 0)
	if not at or now - at > keep / 4 or size > 33554432 then
		gen = gen + 1
		call('HSET', meta, 'gen', gen, 'gen_at', now, 'gen_bytes', 0)
		call('UNLINK', K .. ':done:' .. (gen - 5))
		at = false
	end
	call('HSET', K .. ':done:' .. gen, unpack(pairs_))
	if not at then
		call('PEXPIRE', K .. ':done:' .. gen, format('%.0f', 2 * keep + 60000))
	end
end

-- How a job ended, if that is remembered.
local function recall(id)
	local gen = tonumber(call('HGET', K .. ':meta', 'gen') or 0)
	for g = gen, math.max(gen - 4, 1), -1 do
		local record = call('HGET', K .. ':done:' .. g, id)
		if record then
			return record
		end
	end
end

-- A delivered job that was to be cancelled ends so.
local function end_cancelled(ref, id, token)
	remove({ref})
	call('HDEL', K .. ':jobs', id)
	remember({id, 'cancelled ' .. token .. ' ' .. format('%.0f', now) .. ' '}, 0, 3600000)
	call('HINCRBY', K .. ':meta', 'cancelled', 1)
	call('PUBLISH', K .. ':ended', id)
end

-- Adds to a job's history, a line of JSON for each attempt; ten are kept.
local function add_history(history, attempt, reason)
	local rest = reason == '' and '}' or reason == '{}' and '}' or ',' .. sub(reason, 2)
	local line = '{"attempt":' .. attempt .. ',"at":' .. format('%.3f', now / 1000) .. rest
	local _, lines = string.gsub(history, '\n', '')
	if lines >= 9 then
		history = match(history, '^[^\n]*\n(.*)$')
	end
	return history == '' and line or history .. '\n' .. line
end

-- A job dies: its history's last line is the reason.
local function bury(letter, id, payload, attempts, retries, born, history, token)
	local entry = call('XADD', K .. ':dead', '*', 'i', id, 'j', payload, 'm',
		letter .. ' ' .. attempts .. ' ' .. retries .. ' ' .. born, 'h', history)
	call('HSET', K .. ':jobs', id, 'd ' .. entry .. ' ' .. token)
	call('HINCRBY', K .. ':meta', 'died', 1)
	call('PUBLISH', K .. ':ended', id)
end

-- A job waits until it is due.
local function delay(letter, id, payload, attempts, retries, born, crashes, history, due)
	call('ZADD', K .. ':delayed', due, id)
	call('HSET', K .. ':jobs', id, 'z ' .. letter .. ' ' .. attempts .. ' ' .. retries .. ' ' .. born .. ' ' .. crashes)
	if history ~= '' then
		call('HSET', K .. ':bodies', id, payload, 'h ' .. id, history)
	else
		call('HSET', K .. ':bodies', id, payload)
	end
	-- An idle worker sleeps until the next job that it knows to be due: tell one of an earlier.
	local first = call('ZRANGE', K .. ':delayed', 0, 0)
	if first[1] == id then
		wake(1)
	end
end

-- Where a job is: "waiting" | "running" | "delayed" | "dead" | "ended" | nil, its REF or dead entry or ended
-- record, and of a delivered one the record of its delivery.
local function locate(id)
	local where = call('HGET', K .. ':jobs', id)
	local ref
	if where then
		local kind = sub(where, 1, 1)
		if kind == 'z' then
			return 'delayed', where
		elseif kind == 'd' then
			return 'dead', match(where, '^d (%S+)')
		end
		ref = sub(where, 3)
	elseif match(id, '^[hml]%d+%-%d+$') then
		ref = id
	end
	if ref then
		local record = call('HGET', K .. ':running', ref)
		if record then
			local d = parse(record)
			return d.released and 'waiting' or 'running', ref, d
		end
		local entry = sub(ref, 2)
		-- An id that is no stream's, larger than 2^64, is nobody's.
		local found = redis.pcall('XRANGE', STREAM[sub(ref, 1, 1)], entry, entry)
		if not found.err and found[1] then
			return 'waiting', ref
		end
	end
	local record = recall(id)
	if record then
		return 'ended', record
	end
end
