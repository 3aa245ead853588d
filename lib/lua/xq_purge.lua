-- Drops up to ARGV 1 jobs that wait, then that are delayed; what runs and what is dead stays. Returns how many
-- were dropped: the caller asks until there are none.
--
-- Those that wait are read from the group as any other, by a consumer of our own.
local most, dropped = tonumber(ARGV[1]), {}
local refs, moved, ended, at = {}, {}, {}, format('%.0f', now)
for _, letter in ipairs(LETTERS) do
	local left = most - #refs
	local answer = left > 0 and redis.pcall('XREADGROUP', 'GROUP', 'xq', 'purge', 'COUNT', left, 'STREAMS',
		STREAM[letter], '>')
	if answer and answer.err and sub(answer.err, 1, 7) == 'NOGROUP' then
		if call('EXISTS', STREAM[letter]) == 1 then
			call('XGROUP', 'CREATE', STREAM[letter], 'xq', '0')
			answer = call('XREADGROUP', 'GROUP', 'xq', 'purge', 'COUNT', left, 'STREAMS', STREAM[letter], '>')
		else
			answer = false
		end
	elseif answer and answer.err then
		return answer
	end
	for _, entry in ipairs(answer and answer[1][2] or {}) do
		local ref = letter .. entry[1]
		local _, id = read_entry(ref, entry[2])
		refs[#refs + 1] = ref
		dropped[#dropped + 1] = id
	end
end
if #refs < most then
	for _, ref in ipairs(call('ZRANGEBYSCORE', K .. ':leases', 0, 0, 'LIMIT', 0, most - #refs)) do
		local record = call('HGET', K .. ':running', ref)
		local id = record and parse(record).id or '='
		refs[#refs + 1] = ref
		dropped[#dropped + 1] = id == '=' and ref or id
	end
end
if #refs > 0 then
	remove(refs)
end
if #refs < most then
	local ids = call('ZRANGE', K .. ':delayed', 0, most - #refs - 1)
	for _, id in ipairs(ids) do
		dropped[#dropped + 1] = id
		call('HDEL', K .. ':bodies', id, 'h ' .. id)
	end
	if #ids > 0 then
		call('ZREM', K .. ':delayed', unpack(ids))
	end
end
if #dropped > 0 then
	call('HDEL', K .. ':jobs', unpack(dropped))
	for i, id in ipairs(dropped) do
		ended[2 * i - 1], ended[2 * i] = id, 'dropped 0 ' .. at .. ' '
	end
	remember(ended, 0, 3600000)
	call('PUBLISH', K .. ':ended', table.concat(dropped, ' '))
else
	for _, letter in ipairs(LETTERS) do
		redis.pcall('XGROUP', 'DELCONSUMER', STREAM[letter], 'xq', 'purge')
	end
end
return #dropped
