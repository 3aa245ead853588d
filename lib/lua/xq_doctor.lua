-- What is wrong with the queue, and with the server as a keeper of queues. ARGV 1 "1": repair orphans.
--
-- Returns {NOW, INFO memory, INFO persistence, INFO replication, then an array of three for each priority:
-- {consumers that are nobody's, entries pending without a lease, radix tree nodes, length}, leases without a
-- record, leases expired for a minute, dead, paused}. At most a thousand pending entries are looked at.
--
-- To change a finding: 1. this; 2. xq_doctor.c.
local out = {format('%.0f', now), call('INFO', 'memory'), call('INFO', 'persistence'), call('INFO', 'replication')}
local streams = {}
for i, letter in ipairs(LETTERS) do
	local key = STREAM[letter]
	local leaked, orphans, nodes, length = 0, 0, 0, 0
	local consumers = redis.pcall('XINFO', 'CONSUMERS', key, 'xq')
	if consumers.err and sub(consumers.err, 1, 9) == 'WRONGTYPE' then
		return consumers
	elseif not consumers.err then
		for _, c in ipairs(consumers) do
			local name, pending, idle = c[2], c[4], c[6]
			if pending == 0 and idle > 3600000 and call('HEXISTS', K .. ':workers', name) == 0 and name ~= 'hand' then
				leaked = leaked + 1
				if ARGV[1] == '1' then
					call('XGROUP', 'DELCONSUMER', key, 'xq', name)
				end
			end
		end
		for _, p in ipairs(call('XPENDING', key, 'xq', '-', '+', 1000)) do
			local ref = letter .. p[1]
			local record = call('HGET', K .. ':running', ref)
			local token = match(record or '', '^%d+')
			if not record or not call('ZSCORE', K .. ':leases', token or ref) then
				orphans = orphans + 1
				if ARGV[1] == '1' then
					call('HDEL', K .. ':takes', token or '', 'r ' .. (token or ''))
					call('HSET', K .. ':running', ref, '-1 1 0 ' .. format('%.0f', now) .. ' ' .. p[2] .. ' =')
					call('ZADD', K .. ':leases', 0, ref)
				end
			end
		end
		local info = call('XINFO', 'STREAM', key)
		for j = 1, #info, 2 do
			if info[j] == 'radix-tree-nodes' then
				nodes = info[j + 1]
			elseif info[j] == 'length' then
				length = info[j + 1]
			end
		end
	end
	streams[i] = {leaked, orphans, nodes, length}
end
local lost = 0
for _, ref in ipairs(call('ZRANGE', K .. ':leases', 0, 999)) do
	if call('HEXISTS', K .. (match(ref, '^%d') and ':takes' or ':running'), ref) == 0 then
		lost = lost + 1
		if ARGV[1] == '1' then
			call('ZREM', K .. ':leases', ref)
		end
	end
end
out[5], out[6] = streams, lost
out[7] = count_lapsed(now - 60000)
out[8] = call('XLEN', K .. ':dead')
out[9] = call('HGET', K .. ':meta', 'paused') and 1 or 0
if ARGV[1] == '1' then
	wake(8)
end
return out
