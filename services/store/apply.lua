-- One write of the projector into the live store, atomic: all of it or nothing.
--
-- KEYS: accounts, accounts:next, rebuilding, changes, projected, then one balance hash per balance
-- ARGV: feed length, forced, rebuild step expected ('' outside a rebuild), and as JSON, all values as text (for Lua's
--       numbers are doubles): positions [[field, from, to]], balances [[member, version, [hash words]]], changes [text]
-- Returns {'applied', written, rejected} | {'already'} | {'out of step', place, expected, found}
--
-- A write is sent again when its reply was lost. Positions and rebuild steps tell that it was taken before, so
-- nothing enters the feed twice; and that Redis lost what it had (flush, crash before fsync), so no hole is hidden.
local accounts, upcoming, rebuilding, changes, projected = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local feed_length, forced, step = ARGV[1], ARGV[2] == '1', ARGV[3]
local positions, balances, feed = cjson.decode(ARGV[4]), cjson.decode(ARGV[5]), cjson.decode(ARGV[6])

if step ~= '' then
  local found = redis.call('GET', rebuilding)
  if found == tostring(tonumber(step) + 1) then return {'already'} end
  if found ~= step then return {'out of step', 'rebuild', step, found or '-1'} end
end

local taken, strange = 0, nil
for _, move in ipairs(positions) do
  local field, from, to = move[1], move[2], move[3]
  local found = redis.call('HGET', projected, field) or '0'
  if found == to and from ~= to then taken = taken + 1
  elseif found ~= from then strange = strange or {'out of step', field, from, found} end
end
if strange then return strange end
if taken > 0 and taken == #positions then return {'already'} end
if taken > 0 then return {'out of step', 'positions', tostring(#positions), tostring(taken)} end

local written, rejected = 0, 0
for b, balance in ipairs(balances) do
  local member, version, key = balance[1], balance[2], KEYS[5 + b]
  local known = redis.call('HGET', key, 'account_version')
  if forced or not known or tonumber(known) <= tonumber(version) then
    redis.call('HSET', key, unpack(balance[3]))
    redis.call('SADD', accounts, member)
    written = written + 1
  else
    rejected = rejected + 1
  end
  if step ~= '' then redis.call('SADD', upcoming, member) end
end

for _, change in ipairs(feed) do
  redis.call('XADD', changes, 'MAXLEN', '~', feed_length, '*', 'json', change)
end
for _, move in ipairs(positions) do redis.call('HSET', projected, move[1], move[3]) end
if step ~= '' then redis.call('INCR', rebuilding) end
return {'applied', written, rejected}
