"""What Redis does in one step, in Lua. All keys of a script have the site's hash tag: a cluster keeps them together."""

LEASE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ = tonumber(ARGV[3])
if until_ > 0 and now > until_ then return {-1, now} end
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {0, now} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, now}
"""
"""KEYS: lease. ARGV: holder, span in ms, and when he has given up asking, by the server's clock, 0 if he doesn't know.

1 and the server's clock: it is his for the span from now; -1: he has given up. A server that was frozen carries out
what it was sent before; nobody waits for that any more, and he who gets a lease so doesn't know it.
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""KEYS: lease. ARGV: holder."""

PUBLISH = """
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'n', 0) end
local epoch = redis.call('HGET', KEYS[2], 'epoch')
redis.call('HINCRBY', KEYS[2], 'n', ARGV[2])
for i = 4, #ARGV do
    local n = redis.call('HINCRBY', KEYS[2], 'n', 1)
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'e', epoch, 'n', n, 'b', ARGV[i])
end
return 1
"""
"""KEYS: stream, counter. ARGV: an epoch if there is none, numbers to leave out, length, items.

Items are numbered without gaps within an epoch, so a reader sees what he missed: dropped before it was sent, trimmed,
or lost with the server's memory.
"""

POSITION = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local counter = redis.call('HMGET', KEYS[2], 'epoch', 'n')
return {last[1] and last[1][1] or '0-0', counter[1] or '', counter[2] or '0'}
"""
"""KEYS: stream, counter. The last item's id, the epoch and its last number."""

SEND = """
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
local taken = {}
for i = 2, #ARGV, 4 do
    if #taken >= room then break end
    taken[#taken + 1] =
        redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'to', ARGV[i + 1], 'again', ARGV[i + 2], 'b', ARGV[i + 3])
end
return taken
"""
"""KEYS: orders. ARGV: room, then id, answers' stream, repeated and body of each order. The entries of those with room.

Orders are never trimmed: a full stream takes no more.
"""

WITHDRAW = """
return redis.call('XDEL', KEYS[1], unpack(ARGV))
"""
"""KEYS: orders. ARGV: entries."""

ANSWER = """
for i = 3, #ARGV, 3 do
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], '*', 'id', ARGV[i], 'b', ARGV[i + 1])
    redis.call('XDEL', KEYS[1], ARGV[i + 2])
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""
"""KEYS: orders, answers of one node. ARGV: length, life in ms, then id, body and entry of each order answered."""
