// Holds many plain locks and renews them, as workers do with SET NX PX and PEXPIRE, until it is killed.
//
// The one argument is JSON: redisUrl, prefix. Each line on stdout is a JSON object: a lock's key, family and token.
import {randomBytes} from 'node:crypto'

import {Redis} from 'ioredis'

const COUNT = 500
const TTL_MS = 60_000
const {prefix, redisUrl} = JSON.parse(process.argv[2])
const client = new Redis(redisUrl)

const keys = Array.from({length: COUNT}, (_, at) => `${prefix}plain:${process.pid}:${at}`)
const tokens = keys.map(() => randomBytes(16).toString('hex'))
const taken = client.pipeline()
keys.forEach((key, at) => taken.set(key, tokens[at], 'PX', TTL_MS, 'NX'))
await taken.exec()
keys.forEach((key, at) => say({key, family: 'node-redlock', token: tokens[at]}))
setInterval(() => {
  const renewed = client.pipeline()
  for (const key of keys) renewed.pexpire(key, TTL_MS)
  void renewed.exec()
}, 5000)
say({ready: true})

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
