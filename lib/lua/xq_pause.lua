-- ARGV 1 "1" pauses the queue: nobody takes jobs; "0" resumes it. Returns what it was before.
local was = call('HGET', K .. ':meta', 'paused') and 1 or 0
if ARGV[1] == '1' then
	call('HSET', K .. ':meta', 'paused', '1')
else
	call('HDEL', K .. ':meta', 'paused')
	wake(8)
end
return was
