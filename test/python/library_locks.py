"""Holds locks of Python's task queues, caches and Redlock clients until its standard input ends; it never releases them.

The one argument is JSON: redisUrl, prefix. Each line on stdout is a JSON object: a lock's key, family and token.
"""

import json
import sys
from types import SimpleNamespace

import redis
from celery import Celery
from celery_singleton import Singleton
from dogpile.cache import make_region
from dramatiq.rate_limits import ConcurrentRateLimiter
from dramatiq.rate_limits.backends import RedisBackend
from pottery import Redlock as PotteryRedlock
from redbeat.schedulers import RedBeatScheduler, acquire_distributed_beat_lock
from redlock import Redlock
from rq.scheduler import RQScheduler
from tooz import coordination

wanted = json.loads(sys.argv[1])
prefix, url = wanted["prefix"], wanted["redisUrl"]
name = prefix.replace(":", "")
client = redis.Redis.from_url(url)


def say(key, family):
    print(json.dumps({"key": key, "family": family, "token": client.get(key).decode()}), flush=True)


key = f"{prefix}lock:redlock-py"
assert Redlock([url]).lock(key, 60_000)
say(key, "redlock-py")

pottery_lock = PotteryRedlock(key=name, masters={client}, auto_release_time=60)
assert pottery_lock.acquire(blocking=False)
say(f"redlock:{name}", "pottery")

region = make_region().configure(
    "dogpile.cache.redis", arguments={"url": url, "distributed_lock": True, "thread_local_lock": False}
)
assert region.backend.get_mutex(name).acquire()
say(f"_lock{name}", "dogpile-cache")

coordinator = coordination.get_coordinator(url, b"keyshift")
coordinator.start()
assert coordinator.get_lock(name.encode()).acquire()
say(f"_tooz_{name}_lock", "tooz")

assert RQScheduler([name], client, logging_level="ERROR").acquire_locks() == {name}
say(f"rq:scheduler-lock:{name}", "rq")

key = f"{prefix}mutex:dramatiq"
limiter = ConcurrentRateLimiter(RedisBackend(url=url), key, limit=2)
running = limiter.acquire()
assert running.__enter__()
say(key, "dramatiq")

app = Celery(name, broker=url)
app.conf.update(
    task_default_queue=name,
    singleton_backend_url=url,
    singleton_key_prefix=f"{prefix}SINGLETONLOCK_",
    redbeat_redis_url=url,
    redbeat_key_prefix=f"{prefix}redbeat:",
)


@app.task(base=Singleton, name=f"{name}.report")
def report():
    """Never runs, because no worker is started."""


report.apply_async()
for found in client.scan_iter(f"{prefix}SINGLETONLOCK_*"):
    say(found.decode(), "celery-singleton")

acquire_distributed_beat_lock(SimpleNamespace(scheduler=RedBeatScheduler(app)))
say(f"{prefix}redbeat::lock", "redbeat")

print(json.dumps({"ready": True}), flush=True)
sys.stdin.read()
