-- After a lost connection, before the unacknowledged messages are sent again: makes sure that the run's due
-- key stands at least where the unacknowledged begin. It is behind only when the server lost acknowledged
-- writes (a failover, a crash without AOF) or the key expired; else nothing changes.
--
-- KEYS[1] the run's due key   ARGV 1 seq of the first unacknowledged message, 2 ttl of the key in ms
local due = tonumber(redis.call('GET', KEYS[1]) or '-1')
if due < tonumber(ARGV[1]) then
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 0
