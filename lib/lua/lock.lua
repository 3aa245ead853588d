-- Takes, keeps or gives back a lock; one call is one atomic step.
--
-- KEYS[1] the lock: "TOKEN OWNER" with a time to live, absent while it is free
-- KEYS[2] the fence: the last token given, for all locks of the namespace; never expires
-- KEYS[3] a list that wakes one waiter, the one that has waited longest (BLPOP is fair)
-- ARGV 1 verb, 2 owner, 3 ttl in ms, 4... for "take": tokens that the owner's ancestors hold
--
-- "take"  {1, token} when the owner has it now (again, if its first answer got lost); {2, token} when one of
--         the tokens is the holder's: reentrant, nothing changes; {0, ms} when another one has it, for ms more
-- "keep"  {1, token} renewed for ttl; {0, 0}: it is no longer the owner's
-- "give"  {1, token} free again; {0, 0}: it was not the owner's any more
--
-- To change the form of the value: 1. this; 2. spout(7), "Locks".
local lock, owner, ttl = KEYS[1], ARGV[2], ARGV[3]
local token, holder = string.match(redis.call('GET', lock) or '', '^(%d+) (.+)$')
if ARGV[1] == 'give' then
	if holder ~= owner then
		return {0, 0}
	end
	redis.call('DEL', lock)
	redis.call('DEL', KEYS[3])
	redis.call('RPUSH', KEYS[3], token)
	redis.call('PEXPIRE', KEYS[3], 1000)
	return {1, tonumber(token)}
end
if holder == owner then
	redis.call('PEXPIRE', lock, ttl)
	return {1, tonumber(token)}
end
if ARGV[1] == 'keep' then
	return {0, 0}
end
for i = 4, #ARGV do
	if token == ARGV[i] then
		return {2, tonumber(token)}
	end
end
if token then
	return {0, redis.call('PTTL', lock)}
end
-- The server's microseconds, so that a failover that lost the last token does not give it twice.
local time = redis.call('TIME')
token = math.max((redis.call('GET', KEYS[2]) or 0) + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', token))
redis.call('SET', lock, string.format('%.0f', token) .. ' ' .. owner, 'PX', ttl)
return {1, token}
