-- Ends jobs: acknowledges them (XACK and XDEL), records results, counts; all in one step.
--
-- ARGV 1 ms to keep the results, 2 "4": four follow for each job: REF, TOKEN, "d" done or "c" cancelled, result
-- or ""; "2": only the first two, all are done without a result.
-- Returns for each 0: done, 1: the delivery is over, nothing was changed. A call that is sent again finds its
-- token in what is remembered of the job, and gets 0 again.
--
-- To change the record of an end: 1. this and xq.lua's remember; 2. xq_take (cancelled), xq_cancel, xq_dead,
-- xq_purge; 3. queue_look.c.
local outcomes, refs, moved, ended, ids = {}, {}, {}, {}, {}
local done, cancelled, bytes, tally = 0, 0, 0, {}
local wanted, at = {}, format('%.0f', now)
local stride = tonumber(ARGV[2])
for i = 3, #ARGV, stride do
	wanted[#wanted + 1] = ARGV[i]
end

local function repeated(ref, token)
	local record = recall(ref)
	return record and match(record, '^%a+ (%d+)') == token
end

-- Jobs of one take have the same record, and often came in the same millisecond: what is made of those is made
-- once.
local last_record, last_owner, taken, id, last_born, last_text, last_token
local waits, running = nil, nil
local function read_record(ref, record)
	local born = sub(ref, 2, 14)
	if record ~= last_record then
		last_record = record
		taken, id = match(record, '^%d+ %d+ %d+ (%d+) %S+ (%S+)')
		running, last_born = 'r.' .. bucket(now - taken), nil
	end
	if born ~= last_born then
		last_born = born
		waits = 'w.' .. bucket(taken - (match(ref, '^.(%d+)')))
	end
end

local function text_of(name, token, result)
	if result ~= '' or name ~= 'done' or token ~= last_token then
		last_token, last_text = token, name .. ' ' .. token .. ' ' .. at .. ' ' .. result
		if result ~= '' or name ~= 'done' then
			last_token = nil
		end
	end
	return last_text
end

local records = call('HMGET', K .. ':running', unpack(wanted))
local seen = {}
for i, ref in ipairs(wanted) do
	local j = stride * (i - 1) + 4
	local token, state, result, record = ARGV[j], 'd', '', records[i]
	if stride == 4 then
		state, result = ARGV[j + 1], ARGV[j + 2]
	end
	if seen[ref] then
		outcomes[i] = seen[ref] == token and 0 or 1
	elseif not record or ((record ~= last_record or token ~= last_owner) and
		sub(record, 1, #token + 1) ~= token .. ' ') then
		outcomes[i] = repeated(ref, token) and 0 or 1
	else
		local name, e, n = state == 'c' and 'cancelled' or 'done', #ended, #refs + 1
		read_record(ref, record)
		last_owner = token
		outcomes[i], seen[ref], refs[n], ids[n] = 0, token, ref, ref
		if id ~= '=' then
			ids[n] = id
			moved[#moved + 1] = id
			-- For a repetition, which knows only the REF.
			ended[e + 3], ended[e + 4] = ref, text_of(name, token, '')
		end
		ended[e + 1], ended[e + 2] = ids[n], text_of(name, token, result)
		bytes = bytes + #result
		if state == 'c' then
			cancelled = cancelled + 1
		else
			done = done + 1
			tally[waits] = (tally[waits] or 0) + 1
			tally[running] = (tally[running] or 0) + 1
		end
	end
end
if #refs == 0 then
	return outcomes
end
remove(refs)
if #moved > 0 then
	call('HDEL', K .. ':jobs', unpack(moved))
end
remember(ended, bytes, tonumber(ARGV[1]))
if done > 0 then
	call('HINCRBY', K .. ':meta', 'done', done)
end
if cancelled > 0 then
	call('HINCRBY', K .. ':meta', 'cancelled', cancelled)
end
for field, n in pairs(tally) do
	in_minute(field, n)
end
call('PUBLISH', K .. ':ended', table.concat(ids, ' '))
return outcomes
