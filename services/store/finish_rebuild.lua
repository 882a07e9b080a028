-- The end of a rebuild: accounts that PostgreSQL does not have go, the positions that PostgreSQL holds are set.
--
-- KEYS: accounts, accounts:next, rebuilding, changes, projected
-- ARGV: prefix of balance hashes, feed length, rebuild step expected, JSON of the closing change, (field, next)...
-- Returns {'applied', removed} | {'out of step', place, expected, found}
local accounts, upcoming, rebuilding, changes, projected = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local found = redis.call('GET', rebuilding)
if found ~= ARGV[3] then return {'out of step', 'rebuild', ARGV[3], found or '-1'} end

local gone = redis.call('SDIFF', accounts, upcoming)
for _, member in ipairs(gone) do redis.call('DEL', ARGV[1] .. member) end
if redis.call('EXISTS', upcoming) == 1 then
  redis.call('RENAME', upcoming, accounts)
else
  redis.call('DEL', accounts)
end
redis.call('DEL', rebuilding, projected)
for a = 5, #ARGV, 2 do redis.call('HSET', projected, ARGV[a], ARGV[a + 1]) end
redis.call('XADD', changes, 'MAXLEN', '~', ARGV[2], '*', 'json', ARGV[4])
return {'applied', #gone}
