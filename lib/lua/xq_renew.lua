-- Renews leases: ARGV 1 ms from now, then two for each job: REF, TOKEN.
-- Returns for each 0: renewed, 1: the delivery is over, nothing was changed, 2: renewed, and it is to be
-- cancelled.
--
-- To change an outcome: 1. this, xq_finish, xq_fail and xq_note; 2. enum queue_outcome.
local outcomes, scores, refs, seen, sharing = {}, {}, {}, {}, {}
for i = 2, #ARGV, 2 do
	refs[#refs + 1] = ARGV[i]
end
local records = call('HMGET', K .. ':running', unpack(refs))
local deadline = format('%.0f', now + ARGV[1])

local function renew(member)
	scores[#scores + 1], scores[#scores + 2] = deadline, member
end

for i, ref in ipairs(refs) do
	local d = records[i] and parse(records[i])
	if not d or d.released or d.token ~= ARGV[2 * i + 1] then
		outcomes[i] = 1
	else
		outcomes[i] = d.cancelled and 2 or 0
		if not d.shares then
			renew(ref)
		elseif not seen[ref] then
			seen[ref] = true
			sharing[d.token] = sharing[d.token] or {}
			table.insert(sharing[d.token], ref)
		end
	end
end
for token, list in pairs(sharing) do
	if call('HGET', K .. ':takes', token) == tostring(#list) then
		renew(token)
	else
		dissolve(token)
		for _, ref in ipairs(list) do
			renew(ref)
		end
	end
end
if #scores > 0 then
	call('ZADD', K .. ':leases', 'XX', unpack(scores))
end
return outcomes
