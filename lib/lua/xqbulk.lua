-- Ends a transaction that added plain jobs: MULTI, XADD of each with an id of the server's, this, EXEC. Run by EVAL,
-- since a script that is not there would be noticed behind the XADDs; so it is small and without xq.lua.
--
-- KEYS[1] TAG; ARGV 1 RUN of the adder, 2 number of the batch in that run, 3 ms for which a repetition is
-- recognised, 4 letter of the priority, 5 how many jobs. Nobody comes in between, so these are the stream's last.
-- When the batch is known they are its repetition, and deleted again: nobody has seen them.
--
-- Returns runs of entries that follow each other, "MS-SEQ N", separated by spaces: there is a new one when a
-- millisecond ended meanwhile. "": as xq_add.
--
-- To change it: 1. this; 2. queue_add.c.
local K, call = KEYS[1], redis.call
local stream = K .. ({h = ':high', m = ':medium', l = ':low'})[ARGV[4]]
local slot, n = K .. ':add:' .. ARGV[1] .. ':' .. ARGV[2] % 64, tonumber(ARGV[5])
local known = call('GET', slot)
if known then
	local batch, answer = string.match(known, '^(%d+) (.*)$')
	if tonumber(batch) >= tonumber(ARGV[2]) then
		for _, entry in ipairs(call('XREVRANGE', stream, '+', '-', 'COUNT', n)) do
			call('XDEL', stream, entry[1])
		end
		return batch == ARGV[2] and answer or ''
	end
end
local runs, left, last = {}, n, '+'
while left > 0 do
	local entry = call('XREVRANGE', stream, last, '-', 'COUNT', 1)[1][1]
	local ms, seq = string.match(entry, '^(%d+)%-(%d+)$')
	local size = math.min(left, seq + 1)
	table.insert(runs, 1, string.format('%s-%.0f %d', ms, seq - size + 1, size))
	left, last = left - size, '(' .. ms .. '-0'
end
local text = table.concat(runs, ' ')
call('SET', slot, ARGV[2] .. ' ' .. text, 'PX', ARGV[3])
local minute = K .. ':minute:' .. math.floor(call('TIME')[1] / 60)
if call('HINCRBY', minute, 'a', n) == n then
	call('EXPIRE', minute, 900)
end
call('HINCRBY', K .. ':meta', 'added', n)
for _ = call('LLEN', K .. ':wake') + 1, math.min(n, 8) do
	call('RPUSH', K .. ':wake', '1')
end
return text
