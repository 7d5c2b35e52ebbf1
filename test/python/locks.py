"""Holds locks of Python's libraries, as their users take them, until its standard input ends; it never releases them.

The one argument is JSON: redisUrl, prefix. With KEYSHIFT_WAITER set, it waits for the lock "stuck" of python-redis-lock instead, and
then holds it. Each line on stdout is a JSON object: a lock's key, family and token.
"""

import json
import os
import sys

import redis
import redis_lock
from redis.lock import Lock

wanted = json.loads(sys.argv[1])
prefix = wanted["prefix"]
client = redis.Redis.from_url(wanted["redisUrl"], socket_timeout=None)


def say(key, family, token):
    print(json.dumps({"key": key, "family": family, "token": token}), flush=True)


def finish():
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.read()
    sys.exit()


if os.environ.get("KEYSHIFT_WAITER"):
    lock = redis_lock.Lock(client, f"{prefix}stuck")
    print(json.dumps({"waiting": True}), flush=True)
    assert lock.acquire()
    say(f"lock:{prefix}stuck", "python-redis-lock", lock.id)
    finish()

for name, timeout in [("expires", 60), ("forever", None)]:
    lock = Lock(client, f"{prefix}lock:{name}", timeout=timeout)
    assert lock.acquire(blocking=False)
    say(lock.name, "redis-py", lock.local.token.decode())

for name, expire in [("expires", 60), ("forever", None)]:
    lock = redis_lock.Lock(client, f"{prefix}{name}", expire=expire)
    assert lock.acquire(blocking=False)
    say(f"lock:{prefix}{name}", "python-redis-lock", lock.id)

finish()
