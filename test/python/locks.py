"""Holds locks of Python's libraries, as their users take them, until its standard input ends; it never releases them.

The one argument is JSON: redisUrl, prefix. Each line on stdout is a JSON object: a lock's key, family and token.
"""

import json
import sys

import redis
import redis_lock
from redis.lock import Lock

wanted = json.loads(sys.argv[1])
prefix = wanted["prefix"]
client = redis.Redis.from_url(wanted["redisUrl"])


def say(key, family, token):
    print(json.dumps({"key": key, "family": family, "token": token}), flush=True)


for name, timeout in [("expires", 60), ("forever", None)]:
    lock = Lock(client, f"{prefix}lock:{name}", timeout=timeout)
    assert lock.acquire(blocking=False)
    say(lock.name, "redis-py", lock.local.token.decode())

for name, expire in [("expires", 60), ("forever", None)]:
    lock = redis_lock.Lock(client, f"{prefix}{name}", expire=expire)
    assert lock.acquire(blocking=False)
    say(f"lock:{prefix}{name}", "python-redis-lock", lock.id)

print(json.dumps({"ready": True}), flush=True)
sys.stdin.read()
