-- ARGV 1 "pending", 2 start, 3 count: jobs that are delivered, by the end of their leases: {"NOW NEXT", then three
-- for each: REF, ms when the lease ends (0: released), "TOKEN ATTEMPT CRASHES TAKEN CONSUMER ID"}. NEXT is where to
-- go on; no job: it was the last.
-- ARGV 1 "workers": {NOW, then two for each: CONSUMER, "AT JSON"}.
local out = {format('%.0f', now)}
if ARGV[1] == 'workers' then
	local all = call('HGETALL', K .. ':workers')
	for i = 1, #all do
		out[i + 1] = all[i]
	end
	return out
end

local function tell(ref, ends, record)
	out[#out + 1], out[#out + 2], out[#out + 3] = ref, ends, match(record or '', '^%+?(.*)$')
end

-- The jobs that share the lease of a take.
local function tell_take(token, ends)
	for ref in string.gmatch(call('HGET', K .. ':takes', 'r ' .. token) or '', '%S+') do
		local record = call('HGET', K .. ':running', ref)
		if record and sub(record, 1, #token + 1) == token .. ' ' then
			tell(ref, ends, record)
		end
	end
end

local at = tonumber(ARGV[2])
local leases = call('ZRANGE', K .. ':leases', at, at + ARGV[3] - 1, 'WITHSCORES')
for i = 1, #leases, 2 do
	if #out > 3 * ARGV[3] then
		break
	end
	at = at + 1
	if match(leases[i], '^%d') then
		tell_take(leases[i], leases[i + 1])
	else
		tell(leases[i], leases[i + 1], call('HGET', K .. ':running', leases[i]))
	end
end
out[1] = out[1] .. ' ' .. at
return out
