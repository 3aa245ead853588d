-- Gives jobs back: to be tried again, to the dead, or as if they had not been taken.
--
-- ARGV 1 RUN of the caller, 2 number of its call, 3 least and 4 most backoff in ms, 5 retries of jobs that do
-- not say, then five for each job: REF, TOKEN, "r" retry, "b" bury or "l" release, delay in ms (-1 with "r":
-- backoff), reason: a JSON object or "".
-- Returns for each 0: done, 1: the delivery is over, nothing was changed, 3: it was the last attempt, the job
-- is dead. A call that is sent again gets the same answer again.
--
-- To change an argument: 1. this; 2. queue_give.c.
local slot = K .. ':gave:' .. ARGV[1] .. ':' .. ARGV[2] % 64
local known = call('GET', slot)
local outcomes, released = {}, 0
local retried = 0
if known and match(known, '^%d+') == ARGV[2] then
	for outcome in string.gmatch(match(known, ' (.*)$'), '%d') do
		outcomes[#outcomes + 1] = tonumber(outcome)
	end
	return outcomes
end

-- Twice as long after each attempt, somewhere in the upper half. Scripts have no random numbers of their own
-- (each begins with the same seed), but tokens are the server's microseconds.
local function backoff(attempt, token)
	local least, most = tonumber(ARGV[3]), tonumber(ARGV[4])
	local d = math.min(most, least * 2 ^ math.min(attempt - 1, 40))
	return floor(d / 2 + d / 2 * (token % 1000003 * 0.6180339887 % 1))
end

local function give(i, ref, d)
	local fate, wait, reason = ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]
	local letter, found = sub(ref, 1, 1), call('XRANGE', STREAM[sub(ref, 1, 1)], sub(ref, 2), sub(ref, 2))[1]
	if not found then
		remove({ref})
		return 1
	end
	if d.cancelled and fate ~= 'b' then
		end_cancelled(ref, d.id == '=' and ref or d.id, d.token)
		return 0
	end
	if fate == 'l' and wait <= 0 then
		local record = call('HGET', K .. ':running', ref)
		call('HSET', K .. ':running', ref, '-' .. match(record, '^%+?(.*)$'))
		call('ZADD', K .. ':leases', 0, ref)
		released = released + 1
		return 0
	end
	local payload, id, _, limit, born, _, history = read_entry(ref, found[2])
	local allowed = limit == '-1' and tonumber(ARGV[5]) or tonumber(limit)
	local spent = fate == 'l' and d.attempt - 1 or d.attempt
	local dies = fate == 'b' or (fate == 'r' and d.attempt > allowed)
	if fate ~= 'l' then
		history = add_history(history, d.attempt, reason)
	end
	remove({ref})
	if dies then
		bury(letter, id, payload, d.attempt, limit, born, history, d.token)
		return fate == 'b' and 0 or 3
	end
	if fate == 'r' then
		retried = retried + 1
		if wait < 0 then
			wait = backoff(d.attempt, d.token)
		end
	end
	if wait > 0 then
		delay(letter, id, payload, spent, limit, born, d.crashes, history, now + wait)
	else
		put(letter, id, payload, spent, limit, born, d.crashes, history)
		released = released + 1
	end
	return 0
end

for i = 6, #ARGV, 5 do
	local record = call('HGET', K .. ':running', ARGV[i])
	local d = record and parse(record)
	local outcome = 1
	if d and not d.released and d.token == ARGV[i + 1] then
		if d.shares then
			dissolve(d.token)
		end
		outcome = give(i, ARGV[i], d)
	end
	outcomes[#outcomes + 1] = outcome
end
if retried > 0 then
	call('HINCRBY', K .. ':meta', 'retried', retried)
end
if released > 0 then
	wake(released)
end
call('SET', slot, ARGV[2] .. ' ' .. table.concat(outcomes), 'PX', 600000)
return outcomes
