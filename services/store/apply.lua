-- One write of the projector into the live store, atomic: all of it or nothing.
--
-- KEYS: balances, balances:next, rebuilding, changes, positions
-- ARGV: feed length, forced, rebuild step expected ('' outside a rebuild), and as MessagePack five lists: positions
--       [field, from, to], and of balances members, versions and what is kept of each; changes. All but versions is text
--       (Lua's numbers are doubles)
-- Returns {'applied', written, rejected} | {'already'} | {'out of step', place, expected, found}
--
-- A write is sent again when its reply was lost. Positions and rebuild steps tell that it was taken before, so
-- nothing enters the feed twice; and that Redis lost what it had (flush, crash before fsync), so no hole is hidden.
local balances, upcoming, rebuilding, changes, positions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local feed_length, forced, step = ARGV[1], ARGV[2] == '1', ARGV[3]
local moves, members, versions, rows, feed = unpack(cmsgpack.unpack(ARGV[4]))
local PIECE = 1000 -- rows a command: Lua passes at most some 8,000 arguments

if step ~= '' then
  local found = redis.call('GET', rebuilding)
  if found == tostring(tonumber(step) + 1) then return {'already'} end
  if found ~= step then return {'out of step', 'rebuild', step, found or '-1'} end
end

local taken, strange = 0, nil
for _, move in ipairs(moves) do
  local field, from, to = move[1], move[2], move[3]
  local found = redis.call('HGET', positions, field) or '0'
  if found == to and from ~= to then taken = taken + 1
  elseif found ~= from then strange = strange or {'out of step', field, from, found} end
end
if strange then return strange end
if taken > 0 and taken == #moves then return {'already'} end
if taken > 0 then return {'out of step', 'positions', tostring(#moves), tostring(taken)} end

local written = 0
for first = 1, #rows, PIECE do
  local last = math.min(first + PIECE - 1, #rows)
  local put, known = {}, {}
  for m, found in ipairs(redis.call('HMGET', balances, unpack(members, first, last))) do
    known[members[first + m - 1]] = found and tonumber(string.match(found, '^%d+'))
  end
  for r = first, last do
    local member, version = members[r], versions[r]
    if forced or not known[member] or known[member] <= version then
      put[#put + 1] = member
      put[#put + 1] = rows[r]
      known[member] = version
      written = written + 1
    end
  end
  if #put > 0 then redis.call('HSET', balances, unpack(put)) end
  if step ~= '' then redis.call('SADD', upcoming, unpack(members, first, last)) end
end

for _, change in ipairs(feed) do redis.call('XADD', changes, '*', 'json', change) end
if #feed > 0 then redis.call('XTRIM', changes, 'MAXLEN', '~', feed_length) end
for _, move in ipairs(moves) do redis.call('HSET', positions, move[1], move[3]) end
if step ~= '' then redis.call('INCR', rebuilding) end
return {'applied', written, #rows - written}
