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
local entries, own, shared, seen = {h = {}, m = {}, l = {}}, {}, {}, {}
local ended, e, moved, bytes = {}, 0, {}, 0
local cancelled, tally = 0, {}

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
	local done, gone = 'done ' .. token .. at, 'cancelled ' .. token .. at
	local good, shares, taken, id, ran, born, waited
	local letter, list, size
	local ending, alike = 0, 0
	for i = 1, number do
		local ref, record = ARGV[first + i - 1], records[i]
		if record ~= good then
			local sign, owner
			sign, owner, taken, id = match(record or '', '^([+-]?)(%d+) %d+ %d+ (%d+) %S+ (%S+)')
			good = owner == token and sign ~= '-' and record or nil
			shares = sign == ''
			if alike > 0 then
				count(ran, alike)
				count(waited, alike)
				alike, born = 0, nil
			end
			if good then
				ran, born = 'r.' .. bucket(now - taken), nil
			end
		end
		if not good then
			local again = repeated(ref, token)
			outcomes[jobs + i] = again and 0 or 1
			lost = lost or not again
		else
			outcomes[jobs + i] = 0
		end
		if good and not seen[ref] then
			seen[ref] = true
			n = n + 1
			refs[n], ids[n] = ref, ref
			if byte(ref) ~= letter then
				letter, list = byte(ref), entries[sub(ref, 1, 1)]
				size = #list
			end
			size = size + 1
			list[size] = sub(ref, 2)
			if shares then
				ending = ending + 1
			else
				own[#own + 1] = ref
			end
			local text, result = done, width == 2 and ARGV[first + number + i - 1] or ''
			if result == 'c' then
				text = gone
				cancelled = cancelled + 1
			else
				if sub(ref, 2, 14) ~= born then
					if alike > 0 then
						count(ran, alike)
						count(waited, alike)
						alike = 0
					end
					born = sub(ref, 2, 14)
					waited = 'w.' .. bucket(taken - match(ref, '^.(%d+)'))
				end
				alike = alike + 1
			end
			if id ~= '=' then
				ids[n] = id
				moved[#moved + 1] = id
				-- For a repetition, which knows only the REF.
				ended[e + 1], ended[e + 2] = ref, text
				e = e + 2
			end
			if result ~= '' and result ~= 'c' then
				text = done .. result
				bytes = bytes + #result
			end
			ended[e + 1], ended[e + 2] = ids[n], text
			e = e + 2
		end
	end
	if alike > 0 then
		count(ran, alike)
		count(waited, alike)
	end
	shared[token] = (shared[token] or 0) + ending
	jobs = jobs + number
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
for letter, list in pairs(entries) do
	if #list > 0 then
		call('XACK', STREAM[letter], 'xq', unpack(list))
		call('XDEL', STREAM[letter], unpack(list))
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
