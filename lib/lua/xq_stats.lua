-- The state of the queue, in one step: {NOW, PAUSED, streams, counts, counters, minutes}
--   streams: for high, medium, low {LENGTH, PENDING, ms when the oldest that waits came or 0}
--   counts: {delayed, ms of the first or 0, delivered, of those released, expired, dead, workers}
--   counters: as HGETALL of meta; minutes: of the last five {MINUTE, HGETALL}, the current one last
--
-- To change a number: 1. this; 2. queue_stats.c.
local streams, minutes = {}, {}
for i, letter in ipairs(LETTERS) do
	local key = STREAM[letter]
	local length, pending, oldest = call('XLEN', key), 0, 0
	local groups = call('EXISTS', key) == 1 and call('XINFO', 'GROUPS', key) or {}
	local from = '-'
	for _, group in ipairs(groups) do
		local g = {}
		for j = 1, #group, 2 do
			g[group[j]] = group[j + 1]
		end
		if g.name == 'xq' then
			pending, from = g.pending, '(' .. g['last-delivered-id']
		end
	end
	if length > pending then
		local first = call('XRANGE', key, from, '+', 'COUNT', 1)[1]
		oldest = first and tonumber(match(first[1], '^%d+')) or 0
	end
	streams[i] = {length, pending, oldest}
end
local minute = floor(now / 60000)
for m = minute - 4, minute do
	minutes[#minutes + 1] = {m, call('HGETALL', K .. ':minute:' .. format('%.0f', m))}
end
local held = call('HLEN', K .. ':running') - call('HEXISTS', K .. ':running', '')
return {now, call('HGET', K .. ':meta', 'paused') and 1 or 0, streams,
	{call('ZCARD', K .. ':delayed'), tonumber(call('ZRANGE', K .. ':delayed', 0, 0, 'WITHSCORES')[2] or 0),
	held, call('ZCOUNT', K .. ':leases', 0, 0), count_lapsed(now), call('XLEN', K .. ':dead'), call('HLEN', K .. ':workers')},
	call('HGETALL', K .. ':meta'), minutes}
