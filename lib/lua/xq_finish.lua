-- Ends jobs: acknowledges them (XACK and XDEL), records results, counts; all in one step.
--
-- ARGV 1 ms to keep the results, 2 how many arguments a job has: 1 or 2, then groups of jobs that have one token:
-- TOKEN, N, the N REFs, and with 2 what to record of each: its result, JSON; "" for none; "c": it was cancelled.
-- Returns 0: all are done, or for each 0: done, 1: the delivery is over, nothing was changed. A call that is sent
-- again finds its token in what is remembered of the job, and gets 0 again.
--
-- To change the record of an end: 1. this and xq.lua's remember; 2. xq_take (cancelled), xq_cancel, xq_dead,
-- xq_purge; 3. queue_look.c.
local running, byte = K .. ':running', string.byte
local at, width = ' ' .. format('%.0f', now) .. ' ', tonumber(ARGV[2])
local outcomes, jobs, lost = {}, 0, false
local refs, ids, n = {}, {}, 0
local own, shared, seen = {}, {}, {}
local ended, e, moved, bytes = {}, 0, {}, 0
local cancelled, tally = 0, {}
local lists = {h = {}, m = {}, l = {}} -- entries by priority

local function repeated(ref, token)
	local record = recall(ref)
	return record and match(record, '^%a+ (%d+)') == token
end

local function count(field, jobs_)
	tally[field] = (tally[field] or 0) + jobs_
end

-- Jobs of one take have the same record, and often came in the same millisecond: what is made of those is made
-- once for all that follow each other.
local function finish(token, first, number)
	local records = call('HMGET', running, unpack(ARGV, first, first + number - 1))
	local done = 'done ' .. token .. at
	local good, shares, taken, id, ran, born, waited, letter, list, size
	local ending, alike = 0, 0

	local function tell()
		if alike > 0 then
			count(ran, alike)
			count(waited, alike)
			alike = 0
		end
	end

	local function read_record(record)
		local sign, owner
		tell()
		sign, owner, taken, id = match(record or '', '^([+-]?)(%d+) %d+ %d+ (%d+) %S+ (%S+)')
		good = owner == token and sign ~= '-' and record or nil
		shares = sign == ''
		ran, born = good and 'r.' .. bucket(now - taken), nil
	end

	local function read_born(ref)
		tell()
		born, waited = sub(ref, 2, 14), 'w.' .. bucket(taken - match(ref, '^.(%d+)'))
	end

	-- One that has an id of its own; a repetition knows only the REF.
	local function add_moved(ref)
		moved[#moved + 1] = id
		ended[e + 1], ended[e + 2] = ref, done
		e = e + 2
	end

	for i = 1, number do
		local ref, record = ARGV[first + i - 1], records[i]
		if record ~= good then
			read_record(record)
		end
		if not good and not repeated(ref, token) then
			outcomes[jobs + i], lost = 1, true
		else
			outcomes[jobs + i] = 0
		end
		if good and not seen[ref] then
			n = n + 1
			refs[n], seen[ref] = ref, true
			if byte(ref) ~= letter then
				letter, list = byte(ref), lists[sub(ref, 1, 1)]
				size = #list
			end
			size = size + 1
			list[size] = sub(ref, 2)
			if shares then
				ending = ending + 1
			else
				own[#own + 1] = ref
			end
			local name, text = ref, done
			if id ~= '=' then
				add_moved(ref)
				name = id
			end
			local result = width == 2 and ARGV[first + number + i - 1] or ''
			if result == 'c' then
				text = 'cancelled ' .. token .. at
				cancelled = cancelled + 1
			else
				if sub(ref, 2, 14) ~= born then
					read_born(ref)
				end
				alike = alike + 1
				if result ~= '' then
					text = done .. result
					bytes = bytes + #result
				end
			end
			ids[n], ended[e + 1], ended[e + 2] = name, name, text
			e = e + 2
		end
	end
	tell()
	shared[token] = (shared[token] or 0) + ending
	jobs = jobs + number
end

-- Takes what is done off its stream. XDEL searches each entry from the beginning of its node, over and over. When
-- nothing up to the last one is left, as is usual, the stream is cut behind it: a group delivers in order, so
-- what is not delivered yet, or is pending, stands behind the first that is pending. Numbers are exact to 2^53.
local function cut(key, last)
	local first = call('XPENDING', key, 'xq', '-', '+', 1)[1]
	local ms, seq = match(last, '^(%d+)%-(%d+)$')
	local first_ms, first_seq = match(first and first[1] or '9e15-9e15', '^(.+)%-(.+)$')
	ms, seq, first_ms, first_seq = tonumber(ms), tonumber(seq), tonumber(first_ms), tonumber(first_seq)
	if seq < 9e15 and (ms < first_ms or (ms == first_ms and seq < first_seq)) then
		return call('XTRIM', key, 'MINID', '=', format('%.0f-%.0f', ms, seq + 1))
	end
end

local function remove_entries(key, list)
	local all_ours = call('XACK', key, 'xq', unpack(list)) == #list
	if #list < 4 or not all_ours or cut(key, list[#list]) ~= #list then
		call('XDEL', key, unpack(list))
	end
end

local i = 3
while i < #ARGV do
	local number = tonumber(ARGV[i + 1])
	finish(ARGV[i], i + 2, number)
	i = i + 2 + width * number
end
if n == 0 then
	return lost and outcomes or 0
end
for letter, list in pairs(lists) do
	if #list > 0 then
		remove_entries(STREAM[letter], list)
	end
end
call('HDEL', running, unpack(refs))
if call('EXISTS', K .. ':progress') == 1 then
	call('HDEL', K .. ':progress', unpack(refs))
end
if #own > 0 then
	call('ZREM', K .. ':leases', unpack(own))
end
for token, number in pairs(shared) do
	if number > 0 and call('HINCRBY', K .. ':takes', token, -number) <= 0 then
		call('HDEL', K .. ':takes', token, 'r ' .. token)
		call('ZREM', K .. ':leases', token)
	end
end
if #moved > 0 then
	call('HDEL', K .. ':jobs', unpack(moved))
end
remember(ended, bytes, tonumber(ARGV[1]))
if n > cancelled then
	call('HINCRBY', K .. ':meta', 'done', n - cancelled)
end
if cancelled > 0 then
	call('HINCRBY', K .. ':meta', 'cancelled', cancelled)
end
for field, number in pairs(tally) do
	in_minute(field, number)
end
call('PUBLISH', K .. ':ended', table.concat(ids, ' '))
return lost and outcomes or 0
