-- The clock and the last tick of a periodic job, for its replicas.
--
-- ARGV 1 the schedule's name, 2 a tick that was enqueued, in ms since 1970, or 0: only asks.
--
-- Returns "NOW LAST": LAST is the last tick of this schedule that any replica enqueued; on the first call ever
-- it is now, so that a new schedule has missed nothing. TAG:every: hash, name -> LAST.
--
-- Each tick is enqueued once because it is added with a unique key of its own (xq_add); this only remembers how
-- far the schedule has come, so that a replica that starts later knows what was missed.
local key, name, tick = K .. ':every', ARGV[1], tonumber(ARGV[2])
local last = tonumber(call('HGET', key, name) or 0)
if last == 0 or tick > last then
	last = tick > 0 and tick or now
	call('HSET', key, name, format('%.0f', last))
end
return format('%.0f %.0f', now, last)
