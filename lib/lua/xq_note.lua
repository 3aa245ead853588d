-- Notes the progress of a running job: ARGV REF, TOKEN, JSON. Returns as xq_renew, an array of one.
local record = call('HGET', K .. ':running', ARGV[1])
local d = record and parse(record)
if not d or d.released or d.token ~= ARGV[2] then
	return {1}
end
call('HSET', K .. ':progress', ARGV[1], format('%.0f ', now) .. ARGV[3])
return {d.cancelled and 2 or 0}
