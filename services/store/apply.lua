-- One write of the projector into the live store, atomic: all of it or nothing.
--
-- KEYS: accounts, accounts:next, rebuilding, changes, projected, then one balance hash per balance
-- ARGV: feed length, forced, rebuild step expected ('' outside a rebuild),
--       number of positions, (field, from, to) each,
--       number of balances, number of hash words, (member, version, words) each,
--       number of changes, one JSON text each
-- Returns {'applied', written, rejected} | {'already'} | {'out of step', place, expected, found}
--
-- A write is sent again when its reply was lost. Positions and rebuild steps tell that it was taken before, so
-- nothing enters the feed twice; and that Redis lost what it had (flush, crash before fsync), so no hole is hidden.
local accounts, upcoming, rebuilding, changes, projected = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local at = 0
local function take() at = at + 1; return ARGV[at] end

local feed_length, forced, step = take(), take() == '1', take()
if step ~= '' then
  local found = redis.call('GET', rebuilding)
  if found == tostring(tonumber(step) + 1) then return {'already'} end
  if found ~= step then return {'out of step', 'rebuild', step, found or '-1'} end
end

local positions, moves, taken, strange = tonumber(take()), {}, 0, nil
for _ = 1, positions do
  local field, from, to = take(), take(), take()
  local found = redis.call('HGET', projected, field) or '0'
  if found == to and from ~= to then taken = taken + 1
  elseif found ~= from then strange = strange or {'out of step', field, from, found} end
  moves[#moves + 1] = { field, to }
end
if strange then return strange end
if taken > 0 and taken == positions then return {'already'} end
if taken > 0 then return {'out of step', 'positions', tostring(positions), tostring(taken)} end

local written, rejected = 0, 0
local balances, width = tonumber(take()), tonumber(take())
for b = 1, balances do
  local member, version = take(), take()
  local words = {}
  for w = 1, width do words[w] = take() end
  local key = KEYS[5 + b]
  local known = redis.call('HGET', key, 'account_version')
  if forced or not known or tonumber(known) <= tonumber(version) then
    redis.call('HSET', key, unpack(words))
    redis.call('SADD', accounts, member)
    written = written + 1
  else
    rejected = rejected + 1
  end
  if step ~= '' then redis.call('SADD', upcoming, member) end
end

for _ = 1, tonumber(take()) do
  redis.call('XADD', changes, 'MAXLEN', '~', feed_length, '*', 'json', take())
end
for _, move in ipairs(moves) do redis.call('HSET', projected, move[1], move[2]) end
if step ~= '' then redis.call('INCR', rebuilding) end
return {'applied', written, rejected}
