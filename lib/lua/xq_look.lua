-- What is known of jobs: ARGV their ids. Returns "NOW" and for each of them one string, beginning with its state:
--   waiting PRIORITY | running PRIORITY ATTEMPT TAKEN CONSUMER LEASE c|- PROGRESS-AT PROGRESS
--   delayed DUE ATTEMPTS | dead HISTORY-LINE | ended done|cancelled|dropped AT RESULT | unknown
--
-- To change a form: 1. this; 2. queue_look.c.
local out = {format('%.0f', now)}
for i, id in ipairs(ARGV) do
	local state, ref, d = locate(id)
	if state == 'waiting' then
		out[i + 1] = 'waiting ' .. sub(ref, 1, 1)
	elseif state == 'running' then
		local lease = call('ZSCORE', K .. ':leases', d.shares and d.token or ref) or '0'
		out[i + 1] = format('running %s %d %.0f %s %s %s %s', sub(ref, 1, 1), d.attempt, d.taken, d.consumer,
			lease, d.cancelled and 'c' or '-', call('HGET', K .. ':progress', ref) or '0 null')
	elseif state == 'delayed' then
		out[i + 1] = 'delayed ' .. (call('ZSCORE', K .. ':delayed', id) or '0') .. ' ' .. match(ref, '^z %a (%d+)')
	elseif state == 'dead' then
		local found = call('XRANGE', K .. ':dead', ref, ref)[1]
		local history = found and found[2][8] or ''
		out[i + 1] = 'dead ' .. (match(history, '([^\n]*)$') or '')
	elseif state == 'ended' then
		local name, at, result = match(ref, '^(%a+) %d+ (%d+) (.*)$')
		out[i + 1] = 'ended ' .. name .. ' ' .. at .. ' ' .. result
	else
		out[i + 1] = 'unknown'
	end
end
return out
