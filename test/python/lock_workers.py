"""Workers of Python's lock libraries: each takes a lock, works, releases it, and begins again, until it is killed.

Two holders of one lock at the same time are reported in Redis, under keys of their own. The one argument is JSON: redisUrl, prefix
(of the locks), counters (the prefix of all other keys), id (of this process).
"""

import json
import random
import sys
import threading
import time
import uuid

import redis
import redis_lock
from redis.lock import Lock

WORKERS = 5
KEYS = 3
wanted = json.loads(sys.argv[1])
prefix, counters, own_id = wanted["prefix"], wanted["counters"], wanted["id"]
client = redis.Redis.from_url(wanted["redisUrl"], decode_responses=True)
# A waiter sleeps longer than the default timeout.
binary = redis.Redis.from_url(wanted["redisUrl"], socket_timeout=None)


def redis_py(name, worker):
    """Three of the workers take locks without a TTL."""
    return Lock(binary, f"{prefix}lock:py-{name}", timeout=15 if worker < 2 else None)


def python_redis_lock(name, worker):
    if worker < 2:
        return redis_lock.Lock(binary, f"{prefix}{name}", expire=6, auto_renewal=True)
    return redis_lock.Lock(binary, f"{prefix}{name}", expire=15 if worker < 4 else None)


def work(lock, me):
    holders, entry = f"{counters}holders:{lock}", str(uuid.uuid4())
    client.hset(holders, entry, own_id)
    killed = client.smembers(f"{counters}killed")
    for other, process in client.hgetall(holders).items():
        if other != entry and process not in killed:
            client.rpush(f"{counters}violations", f"{lock}: {me} and {process}")
    client.hset(f"{counters}progress", me, int(time.time() * 1000))
    time.sleep(0.1 + random.random() * 1.5)
    client.hdel(holders, entry)


def keep_working(library, lock_of, worker):
    me = f"{own_id}/{library}/{worker}"
    while True:
        name = random.randrange(KEYS)
        try:
            with lock_of(name, worker):
                work(f"{library}-{name}", me)
        except Exception as error:  # such as a lock that was lost while its holder worked
            client.rpush(f"{counters}violations", f"{library}-{name}: {me}: {error!r}")


for library, lock_of in [("redis-py", redis_py), ("python-redis-lock", python_redis_lock)]:
    for worker in range(WORKERS):
        threading.Thread(target=keep_working, args=(library, lock_of, worker)).start()
print(json.dumps({"ready": True}), flush=True)
