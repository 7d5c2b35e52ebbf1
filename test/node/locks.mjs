// Holds locks of Node's libraries, as their users take them, until it is killed; it never releases them.
//
// The one argument is JSON: redisUrl, prefix. Each line on stdout is a JSON object: a lock's key, family and token.
import Bull from 'bull'
import {Queue, Worker} from 'bullmq'
import {Redis} from 'ioredis'
import Warlock from 'node-redis-warlock'
import {Mutex, Semaphore} from 'redis-semaphore'
import Redlock from 'redlock'
import Redlock4 from 'redlock-4'

const {prefix, redisUrl} = JSON.parse(process.argv[2])
const client = new Redis(redisUrl)
const {hostname: host, port} = new URL(redisUrl)
const connection = {host, port: Number(port)}

const keys = [`${prefix}lock:v5-a`, `${prefix}lock:v5-b`]
const five = await new Redlock([client]).acquire(keys, 60_000)
for (const key of keys) say({key, family: 'node-redlock', token: five.value})

const four = await new Redlock4([client]).lock(`${prefix}lock:v4`, 60_000)
say({key: `${prefix}lock:v4`, family: 'node-redlock', token: four.value})

const mutex = new Mutex(client, prefix)
await mutex.acquire()
say({key: `mutex:${prefix}`, family: 'redis-semaphore', token: mutex.identifier})

const semaphore = new Semaphore(client, prefix, 3)
await semaphore.acquire()
say({key: `semaphore:${prefix}`, family: 'redis-semaphore', token: semaphore.identifier})

const warlockToken = await new Promise((acquired, failed) => {
  Warlock(client).lock(`${prefix}warlock`, 60_000, (error, unlock, id) => (unlock ? acquired(id) : failed(error)))
})
say({key: `${prefix}warlock:lock`, family: 'warlock', token: warlockToken})

const queue = prefix.replaceAll(':', '')
const {id, token} = await new Promise((started) => {
  const work = async (job, jobToken) => {
    started({id: job.id, token: jobToken})
    await new Promise(() => {})
  }
  new Worker(queue, work, {connection, prefix: `${prefix}mq`})
  void new Queue(queue, {connection, prefix: `${prefix}mq`}).add('work', {})
})
say({key: `${prefix}mq:${queue}:${id}:lock`, family: 'bull', token})

const bull = new Bull(queue, redisUrl)
const bullJob = await new Promise((started) => {
  void bull.process(async (job) => {
    started(job)
    await new Promise(() => {})
  })
  void bull.add({})
})
say({key: `bull:${queue}:${bullJob.id}:lock`, family: 'bull', token: bull.token})
say({ready: true})

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
