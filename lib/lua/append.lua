-- Appends a batch of one run's messages to a log, each exactly once and in order, and publishes each with
-- its id inside. One call is one atomic step: nobody sees a message in the log that is not published.
--
-- KEYS[1] the log, a stream: each entry has one field, named by the channel, holding the message
-- KEYS[2] the run's due key: the seq that comes next, so that a batch sent twice is appended once
-- KEYS[3] the log's runs, a hash: channel -> "START" of its latest run, or "START END" once that ended
-- KEYS[4] the channel's lease, only with ARGV[9]: the run that alone may publish
-- ARGV 1 channel, 2 seq of the first message, 3 maxlen or 0, 4 ttl of log and runs in ms or 0, 5 ttl of the
-- due key in ms, 6 begins: "run" | "open" (begin a run only if the latest has ended) | "", 7 ends: "1" when
-- the last message is an end, 8 ids: "1" when the caller wants them, 9 "" or "RUN TTL" to take or keep the
-- lease for TTL ms (0: give it back), 10... messages: …"sp":{…}} without id
--
-- Returns how many clients got the last message (-1 when there was nothing new), or with ids an array: one id
-- a message, false where it cannot be told.
-- Errors: SPGAP when messages in front of this batch are missing: the caller sends them again. SPHELD RUN when
-- another run has the lease.
--
-- To change the form of a log entry: 1. this; 2. log_entry in lib/log.c; 3. spout(7), "The wire".
local log, duekey, runs = KEYS[1], KEYS[2], KEYS[3]
local channel, first, maxlen, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local call, sub = redis.call, string.sub
if ARGV[9] ~= '' then
	local run, ms = string.match(ARGV[9], '^(%S+) (%d+)$')
	local holder = call('GET', KEYS[4])
	if holder and holder ~= run then
		return redis.error_reply('SPHELD ' .. holder)
	elseif ms ~= '0' then
		call('SET', KEYS[4], run, 'PX', ms)
	elseif holder then
		call('DEL', KEYS[4])
	end
end
local due = tonumber(call('GET', duekey) or '0')
if first > due and #ARGV > 9 then
	return redis.error_reply('SPGAP seq ' .. due .. ' is due, ' .. first .. ' came')
end
local ids, new, top = ARGV[8] == '1' and {}, 10 + due - first, #ARGV
if ids then
	-- Ids of what an earlier attempt appended: looked up from the end; this path is rare.
	local upper, old = '+', math.min(new, top + 1) - 10
	local wanted = old
	for i = 1, old do
		ids[i] = false
	end
	while wanted > 0 do
		local page = call('XREVRANGE', log, upper, '-', 'COUNT', 500)
		for _, entry in ipairs(page) do
			for i = 1, old do
				if entry[2][2] == ARGV[9 + i] and not ids[i] then
					ids[i] = entry[1]
					wanted = wanted - 1
				end
			end
			upper = '(' .. entry[1]
		end
		if #page < 500 then
			break
		end
	end
end
if new > top then
	return ids or -1
end
local start, id, receivers
for i = new, top do
	local message = ARGV[i]
	if i == top and maxlen ~= '0' then
		id = call('XADD', log, 'MAXLEN', '~', maxlen, '*', channel, message)
	else
		id = call('XADD', log, '*', channel, message)
	end
	receivers = call('PUBLISH', channel, sub(message, 1, -3) .. ',"id":"' .. id .. '"}}')
	start = start or id
	-- A table that nobody wants would cost a quarter of the time.
	if ids then
		ids[i - 9] = id
	end
end
call('SET', duekey, first + top - 9, 'PX', ARGV[5])
local begins = new == 10 and ARGV[6] or ''
if begins ~= '' or ARGV[7] == '1' then
	local old = call('HGET', runs, channel)
	local open = old and string.match(old, '^%S+$')
	if begins == 'run' or not open then
		open = start
	end
	call('HSET', runs, channel, ARGV[7] == '1' and open .. ' ' .. id or open)
end
if ttl ~= '0' then
	call('PEXPIRE', log, ttl)
	call('PEXPIRE', runs, ttl)
else
	call('PERSIST', log)
	call('PERSIST', runs)
end
return ids or receivers
