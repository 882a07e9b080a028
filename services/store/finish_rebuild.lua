-- The end of a rebuild: accounts that PostgreSQL does not have go, the positions that PostgreSQL holds are set.
--
-- KEYS: balances, balances:next, rebuilding, changes, positions
-- ARGV: feed length, rebuild step expected, JSON of the closing change, (field, next)...
-- Returns {'applied', removed} | {'out of step', place, expected, found}
local balances, upcoming, rebuilding, changes, positions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local found = redis.call('GET', rebuilding)
if found ~= ARGV[2] then return {'out of step', 'rebuild', ARGV[2], found or '-1'} end

local gone = 0
for _, member in ipairs(redis.call('HKEYS', balances)) do
  if redis.call('SISMEMBER', upcoming, member) == 0 then
    redis.call('HDEL', balances, member)
    gone = gone + 1
  end
end
redis.call('DEL', upcoming, rebuilding, positions)
for a = 4, #ARGV, 2 do redis.call('HSET', positions, ARGV[a], ARGV[a + 1]) end
redis.call('XADD', changes, 'MAXLEN', '~', ARGV[1], '*', 'json', ARGV[3])
return {'applied', gone}
