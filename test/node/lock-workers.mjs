// Workers of Node's lock libraries: each takes a lock, works, releases it, and begins again, until it is killed. Two holders of
// one lock at the same time are reported in Redis, under keys of their own.
//
// The one argument is JSON: redisUrl, prefix (of the locks), counters (the prefix of all other keys), id (of this process).
import {randomUUID} from 'node:crypto'
import {hostname} from 'node:os'
import {setTimeout as delay} from 'node:timers/promises'

import {Redis} from 'ioredis'
import {Mutex} from 'redis-semaphore'
import Redlock from 'redlock'

const WORKERS = 5
const KEYS = 3
const {counters, id, prefix, redisUrl} = JSON.parse(process.argv[2])
const client = new Redis(redisUrl)
const PATIENT = {retryCount: -1, retryDelay: 100}

/** Each runs the work while it holds the lock. */
const LIBRARIES = {
  async 'node-redlock'(name, work, worker) {
    const redlock = new Redlock([client], PATIENT)
    const key = `${prefix}lock:redlock-${name}`
    // Two of the workers renew a short lease; the others have a fixed one.
    if (worker < 2) return redlock.using([key], 6000, work)
    const lock = await redlock.acquire([key], 15_000)
    await work()
    await lock.release()
  },
  async 'redis-semaphore'(name, work) {
    const mutex = new Mutex(client, `${prefix}${name}`, {acquireTimeout: 600_000, retryInterval: 100})
    await mutex.acquire()
    await work()
    await mutex.release()
  },
  // As many applications do it: no TTL, and the same token each time.
  async 'home-made'(name, work, worker) {
    const key = `${prefix}lock:home-${name}`
    const token = `${hostname()}:${process.pid}:${worker}`
    while ((await client.set(key, token, 'NX')) === null) await delay(100)
    await work()
    if ((await client.get(key)) !== token) throw new Error('the lock was lost')
    await client.del(key)
  },
}

for (const [library, hold] of Object.entries(LIBRARIES))
  for (let worker = 0; worker < WORKERS; worker++) void keepWorking(library, hold, worker)
process.stdout.write('{"ready": true}\n')

async function keepWorking(library, hold, worker) {
  const me = `${id}/${library}/${worker}`
  for (;;) {
    const name = String(Math.floor(Math.random() * KEYS))
    const lock = `${library}-${name}`
    try {
      await hold(name, () => work(lock, me), worker)
    } catch (error) {
      // Such as a lock that was lost while its holder worked.
      await client.rpush(`${counters}violations`, `${lock}: ${me}: ${String(error)}`)
    }
  }
}

async function work(lock, me) {
  const holders = `${counters}holders:${lock}`
  const entry = randomUUID()
  await client.hset(holders, entry, id)
  const [others, killed] = await Promise.all([client.hgetall(holders), client.smembers(`${counters}killed`)])
  for (const [other, process_] of Object.entries(others))
    if (other !== entry && !killed.includes(process_))
      await client.rpush(`${counters}violations`, `${lock}: ${me} and ${process_}`)
  await client.hset(`${counters}progress`, me, Date.now())
  await delay(100 + Math.random() * 1500)
  await client.hdel(holders, entry)
}
