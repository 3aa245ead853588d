-- ARGV 1 "pending", 2 start, 3 count: jobs that are delivered, by the end of their leases: {NOW, then three for
-- each: REF, ms when the lease ends (0: released), "TOKEN ATTEMPT CRASHES TAKEN CONSUMER ID"}.
-- ARGV 1 "workers": {NOW, then two for each: CONSUMER, "AT JSON"}.
local out = {format('%.0f', now)}
if ARGV[1] == 'workers' then
	local all = call('HGETALL', K .. ':workers')
	for i = 1, #all do
		out[i + 1] = all[i]
	end
	return out
end
local leases = call('ZRANGE', K .. ':leases', ARGV[2], ARGV[2] + ARGV[3] - 1, 'WITHSCORES')
for i = 1, #leases, 2 do
	out[#out + 1] = leases[i]
	out[#out + 1] = leases[i + 1]
	out[#out + 1] = call('HGET', K .. ':running', leases[i]) or ''
end
return out
