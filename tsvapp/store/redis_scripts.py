"""The steps that Redis takes as a whole: each changes what one room has, and says so to those who listen."""

from __future__ import annotations

CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'serial', 1, 'state', ARGV[2], 'watch', ARGV[3], 'used', ARGV[4],
  'token', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('SPUBLISH', KEYS[2], 1)
return 1
"""

COMMIT = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if not serial then return -1 end
local tokens = redis.call('HGET', KEYS[1], 'token') or ''
local latest = string.sub(tokens, 1, 12)
if latest == ARGV[3] then return serial + 0 end
if latest ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'serial', serial + 1, 'state', ARGV[2], 'token', ARGV[3] .. string.sub(tokens, 1, 372))
redis.call('SPUBLISH', KEYS[2], serial + 1)
return serial + 1
"""

RENEW = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if not serial or redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
if (redis.call('HGET', KEYS[1], 'token') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'serial', serial + 1, 'state', ARGV[4], 'token', ARGV[5])
redis.call('SPUBLISH', KEYS[2], serial + 1)
return serial + 1
"""

PUT = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if not serial then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SPUBLISH', KEYS[2], serial)
return serial + 0
"""

HERE = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
if not serial then return {-1, 0} end
if redis.call('TTL', KEYS[1]) >= 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return {serial + 0, redis.call('HINCRBY', KEYS[1], 'heres', ARGV[4])}
"""

PUT_BYTES = """
local position = tonumber(ARGV[1])
if position > redis.call('STRLEN', KEYS[1]) then return 0 end
if position == 0 and #KEYS == 2 and redis.call('STRLEN', KEYS[2]) < tonumber(ARGV[3]) then return 0 end
redis.call('SETRANGE', KEYS[1], position, ARGV[2])
return 1
"""

FORGET = """
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4], KEYS[5])
redis.call('SPUBLISH', KEYS[2], 0)
"""

FORGET_EMPTY = """
if redis.call('HLEN', KEYS[2]) > 0 then return 0 end
if redis.call('HDEL', KEYS[1], 'kept') == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
