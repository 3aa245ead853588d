-- Cancels jobs: ARGV their ids. One that waits or is delayed is removed; the worker of one that runs is told,
-- at once if it listens, else when it renews. Returns for each its state: "cancelled", "running" (its worker was
-- told), "dead", "ended" or "unknown" (nothing was changed).
--
-- To change the message to the worker: 1. this; 2. queue_listen.c.
local out, ended = {}, {}

-- A thousand at a time: HSET gets them as arguments, of which Lua has some thousands.
local function remember_ended(least)
	if #ended >= least then
		remember(ended, 0, 3600000)
		ended = {}
	end
end

for i, id in ipairs(ARGV) do
	local state, ref, d = locate(id)
	out[i] = state or 'unknown'
	if state == 'running' then
		if not d.cancelled then
			local to = K .. ':to:' .. d.consumer
			call('HSET', K .. ':running', ref, call('HGET', K .. ':running', ref) .. ' c')
			call('RPUSH', to, 'cancel ' .. ref .. ' ' .. d.token)
			call('LTRIM', to, -1000, -1)
			call('EXPIRE', to, 60)
		end
	elseif state == 'waiting' or state == 'delayed' then
		out[i] = 'cancelled'
		if state == 'waiting' then
			remove({ref})
		else
			call('ZREM', K .. ':delayed', id)
			call('HDEL', K .. ':bodies', id, 'h ' .. id)
		end
		call('HDEL', K .. ':jobs', id)
		ended[#ended + 1] = id
		ended[#ended + 1] = 'cancelled 0 ' .. format('%.0f', now) .. ' '
		call('HINCRBY', K .. ':meta', 'cancelled', 1)
		call('PUBLISH', K .. ':ended', id)
		remember_ended(2000)
	elseif state == 'ended' and sub(ref, 1, 9) == 'cancelled' then
		-- Asked twice, or sent twice.
		out[i] = 'cancelled'
	end
end
remember_ended(2)
return out
