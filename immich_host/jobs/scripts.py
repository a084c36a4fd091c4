"""What runs inside Valkey. The layout of keys is that of Dramatiq's own Redis broker.

`<ns>:<queue>` list of message ids, `<ns>:<queue>.msgs` hash of messages, `<ns>:__acks__.<worker>.<queue>`
set of what a worker process has taken and not finished, `<ns>:__heartbeats__` its sign of life. A worker
takes a message only when it can run it at once, so the ack sets of all workers are what runs: they are
counted against the queue's concurrency, and there are no locks to leak.
"""

NAMESPACE = "dramatiq"

WAKE = f"{NAMESPACE}:wake"
"""Channel on which the name of a queue that is no longer empty is told."""

# ARGV: queue, then id and message by turns. Answers how many were not there already.
HAND = """
local list = KEYS[1] .. ':' .. ARGV[1]
local was_empty = redis.call('llen', list) == 0
local handed = 0
for i = 2, #ARGV, 2 do
  if redis.call('hsetnx', list .. '.msgs', ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('rpush', list, ARGV[i])
    handed = handed + 1
  end
end
if was_empty and handed > 0 then redis.call('publish', KEYS[1] .. ':wake', ARGV[1]) end
return handed
"""

# ARGV: worker, queue, wanted, concurrency, ids that the worker has. Answers messages that may run now.
# What the worker was given but does not know of (a lost answer, an older state of a server that crashed)
# goes back first.
TAKE = """
local list = KEYS[1] .. ':' .. ARGV[2]
local acks = KEYS[1] .. ':__acks__.'
local mine = acks .. ARGV[1] .. '.' .. ARGV[2]
if redis.call('scard', mine) > #ARGV - 4 then
  local known = {}
  for i = 5, #ARGV do known[ARGV[i]] = true end
  for _, id in ipairs(redis.call('smembers', mine)) do
    if not known[id] then
      redis.call('srem', mine, id)
      if redis.call('hexists', list .. '.msgs', id) == 1 then redis.call('lpush', list, id) end
    end
  end
end
if redis.call('exists', list) == 0 then return {} end
local heartbeats = KEYS[1] .. ':__heartbeats__'
local time = redis.call('time')
redis.call('zadd', heartbeats, 'NX', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
local running = 0
for _, worker in ipairs(redis.call('zrange', heartbeats, 0, -1)) do
  running = running + redis.call('scard', acks .. worker .. '.' .. ARGV[2])
end
local free = math.min(tonumber(ARGV[3]), tonumber(ARGV[4]) - running)
local messages = {}
while #messages < free do
  local id = redis.call('lpop', list)
  if not id then break end
  local message = redis.call('hget', list .. '.msgs', id)
  if message then
    redis.call('sadd', mine, id)
    messages[#messages + 1] = message
  end
end
return messages
"""

# ARGV: worker, queue, id, '1' to put it back at the head instead of forgetting it.
DONE = """
local list = KEYS[1] .. ':' .. ARGV[2]
if redis.call('srem', KEYS[1] .. ':__acks__.' .. ARGV[1] .. '.' .. ARGV[2], ARGV[3]) == 0 then return 0 end
if ARGV[4] == '1' then
  redis.call('lpush', list, ARGV[3])
  redis.call('publish', KEYS[1] .. ':wake', ARGV[2])
else
  redis.call('hdel', list .. '.msgs', ARGV[3])
end
return 1
"""

# ARGV: worker, milliseconds after which a silent worker is dead, queues. Gives back what dead workers had
# taken. Answers 1 where the server has come back empty.
KEEP = """
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local heartbeats = KEYS[1] .. ':__heartbeats__'
redis.call('zadd', heartbeats, now, ARGV[1])
for _, worker in ipairs(redis.call('zrangebyscore', heartbeats, 0, now - ARGV[2])) do
  for i = 3, #ARGV do
    local list = KEYS[1] .. ':' .. ARGV[i]
    local acks = KEYS[1] .. ':__acks__.' .. worker .. '.' .. ARGV[i]
    for _, id in ipairs(redis.call('smembers', acks)) do
      if redis.call('hexists', list .. '.msgs', id) == 1 then redis.call('lpush', list, id) end
    end
    if redis.call('del', acks) == 1 then redis.call('publish', KEYS[1] .. ':wake', ARGV[i]) end
  end
  if not next(redis.call('keys', KEYS[1] .. ':__acks__.' .. worker .. '.*')) then
    redis.call('zrem', heartbeats, worker)
  end
end
if redis.call('set', KEYS[1] .. ':__known__', 1, 'NX') then return 1 end
return 0
"""

# ARGV: queue. Forgets every message that nobody has taken yet; answers how many.
DISCARD = """
local list = KEYS[1] .. ':' .. ARGV[1]
local ids = redis.call('lrange', list, 0, -1)
for _, id in ipairs(ids) do redis.call('hdel', list .. '.msgs', id) end
redis.call('del', list)
return #ids
"""
