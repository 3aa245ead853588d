-- The dead: ARGV 1 what to do.
--   list AFTER COUNT    entries behind the entry AFTER ("-": from the first), as XRANGE gives them
--   retry ID...         back into their priorities, with all attempts unspent
--   drop ID...          gone for good
-- The last two return for each id 1, or 0 when no dead job has it.
if ARGV[1] == 'list' then
	return call('XRANGE', K .. ':dead', ARGV[2] == '-' and '-' or '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
end
local out, ended, back = {}, {}, 0
for i = 2, #ARGV do
	local id = ARGV[i]
	local state, entry = locate(id)
	local found = state == 'dead' and call('XRANGE', K .. ':dead', entry, entry)[1]
	out[i - 1] = state == 'dead' and 1 or 0
	if state == 'dead' then
		call('XDEL', K .. ':dead', entry)
		call('HDEL', K .. ':jobs', id)
	end
	if found and ARGV[1] == 'retry' then
		local letter, _, limit, born = match(found[2][6], '^(%a) (%d+) (%-?%d+) (%d+)$')
		put(letter, id, found[2][4], 0, limit, born, 0, found[2][8])
		back = back + 1
	elseif found then
		ended[#ended + 1] = id
		ended[#ended + 1] = 'dropped 0 ' .. format('%.0f', now) .. ' '
	end
end
if back > 0 then
	wake(back)
end
if #ended > 0 then
	remember(ended, 0, 3600000)
end
return out
