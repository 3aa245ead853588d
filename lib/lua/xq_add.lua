-- Adds a batch of jobs, once however often it is sent. Many plain ones come by xqbulk.lua.
--
-- ARGV 1 RUN of the adder, 2 number of the batch in that run, 3 ms for which a repetition is recognised,
-- 4 the letter of the priority of plain jobs, whose payloads follow; or "*": then eight for each job: letter,
-- delay in ms, due in ms since 1970 (0: delay counts), id or "", unique key or "", its ms, retries (-1: the
-- worker's choice), payload.
--
-- Returns the first entry's id of plain jobs, whose others follow it without a gap: "MS-SEQ", MS-SEQ+1 …; or of
-- each job "+ID", and "=ID" when that job was there before, separated by spaces. "": the batch was added and answered long ago (one that came 64 later is known).
--
-- To change an argument: 1. this; 2. queue_add.c, which also writes them to a spool: its magic there; 3. the
-- layout in queue.h, when an entry changes.
local slot = K .. ':add:' .. ARGV[1] .. ':' .. ARGV[2] % 64
local known = call('GET', slot)
if known then
	local batch, answer = match(known, '^(%d+) (.*)$')
	if batch == ARGV[2] then
		return answer
	elseif tonumber(batch) > tonumber(ARGV[2]) then
		return ''
	end
end
local answer, top, added = {}, #ARGV, 0
local letter, count = ARGV[4], 0

local function taken_by(id, unique, unique_ms)
	if id ~= '' and locate(id) then
		return id
	elseif unique ~= '' then
		return call('GET', K .. ':unique:' .. unique)
	end
end

local function new_id(of)
	return of .. format('%.0f', now) .. '-' .. call('HINCRBY', K .. ':meta', 'born', 1)
end

local function add(i)
	local p, wait, at, id, unique, unique_ms, retries, payload = unpack(ARGV, i, i + 7)
	local holder = taken_by(id, unique, unique_ms)
	if holder then
		return '=' .. holder
	end
	local due = at ~= '0' and tonumber(at) or now + wait
	added = added + 1
	if due > now then
		id = id ~= '' and id or new_id('d')
		delay(p, id, payload, 0, retries, format('%.0f', now), 0, '', due)
	elseif id == '' and retries == '-1' then
		id = p .. call('XADD', STREAM[p], '*', 'j', payload)
		count = count + 1
	else
		id = id ~= '' and id or new_id('d')
		put(p, id, payload, 0, retries, format('%.0f', now), 0, '')
		count = count + 1
	end
	if unique ~= '' then
		call('SET', K .. ':unique:' .. unique, id, 'PX', unique_ms)
	end
	return '+' .. id
end

if letter == '*' then
	for i = 5, top, 8 do
		answer[#answer + 1] = add(i)
	end
else
	local stream = STREAM[letter]
	local first = call('XADD', stream, '*', 'j', ARGV[5])
	local same_ms = match(first, '^%d+') .. '-*'
	for i = 6, top do
		call('XADD', stream, same_ms, 'j', ARGV[i])
	end
	answer[1] = first
	added = top - 4
	count = added
end
local text = table.concat(answer, ' ')
call('SET', slot, ARGV[2] .. ' ' .. text, 'PX', ARGV[3])
if added > 0 then
	in_minute('a', added)
	call('HINCRBY', K .. ':meta', 'added', added)
end
if count > 0 then
	wake(count)
end
return text
