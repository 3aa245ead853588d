-- A worker says what it is: ARGV 1 consumer, 2 JSON, or "" when it leaves. Returns {0}.
--
-- A consumer's name is deleted only while nothing is pending under it, since DELCONSUMER destroys pending
-- entries. Those who went without a word are cleared away by the others, a few a minute.
local workers = K .. ':workers'

local function forget(consumer)
	call('HDEL', workers, consumer)
	for _, letter in ipairs(LETTERS) do
		local pending = redis.pcall('XPENDING', STREAM[letter], 'xq', '-', '+', 1, consumer)
		if not pending.err and #pending == 0 then
			redis.pcall('XGROUP', 'DELCONSUMER', STREAM[letter], 'xq', consumer)
		end
	end
end

if ARGV[2] == '' then
	forget(ARGV[1])
	return {0}
end
-- A word to itself, by the way that wake-ups take: a worker that does not get it knows that it is deaf.
local to = K .. ':to:' .. ARGV[1]
if call('LLEN', to) < 16 then
	call('RPUSH', to, 'hear')
	call('EXPIRE', to, 60)
end
call('HSET', workers, ARGV[1], format('%.0f ', now) .. ARGV[2])
if call('SET', K .. ':swept', '1', 'NX', 'EX', 60) then
	local all = call('HGETALL', workers)
	for i = 1, #all, 2 do
		if now - (match(all[i + 1], '^%d+') or 0) > 300000 then
			forget(all[i])
		end
	end
end
return {0}
