import assert from 'node:assert/strict'
import {test} from 'node:test'

import {connectionsOf, parseClients} from '../../../../src/domain/locks/inspect/holder-connections.js'
import type {LockHolder} from '../../../../src/domain/locks/recognition/recognized-lock.js'

const LIST = [
  'id=3 addr=10.0.0.7:50114 laddr=10.0.0.1:6379 fd=8 name=orders-worker-1 age=900 idle=2 flags=N db=0 cmd=get user=app',
  'id=4 addr=10.0.0.8:50200 laddr=10.0.0.1:6379 fd=9 name=orders-worker-10 age=90 idle=0 flags=P db=0 cmd=ping user=app',
  'id=5 addr=[::1]:50300 laddr=[::1]:6379 fd=10 name= age=5 idle=5 flags=N db=0 cmd=set user=default',
  'id=6 addr=10.0.0.2:6379 laddr=10.0.0.1:6379 fd=11 name= age=9000 idle=0 flags=S db=0 cmd=replconf user=default',
  'id=7 addr=10.0.0.3:6000 laddr=10.0.0.1:6379 fd=12 name=keyshift age=0 idle=0 flags=N db=0 cmd=client user=ops',
  '',
].join('\n')

const UNIDENTIFIED: LockHolder = {
  token: 'x',
  text: null,
  host: null,
  pid: null,
  thread: null,
  consumer: null,
  instance: null,
}
const connections = (holder: Partial<LockHolder>, heldMs: number | null): ReturnType<typeof connectionsOf> =>
  connectionsOf(parseClients(LIST), [{...UNIDENTIFIED, ...holder}], heldMs)

test('replicas and keyshift itself are not clients that can hold a lock', () => {
  assert.deepEqual(
    parseClients(LIST).map(({address, ageMs, name, user}) => [address, name, ageMs, user]),
    [
      ['10.0.0.7:50114', 'orders-worker-1', 900_000, 'app'],
      ['10.0.0.8:50200', 'orders-worker-10', 90_000, 'app'],
      ['[::1]:50300', '', 5000, 'default'],
    ],
  )
})

test('a holder is recognized by its host in the address or by a complete word in the name', () => {
  const rows = (holder: Partial<LockHolder>): unknown[] =>
    connections(holder, 60_000).candidates.map(({address, connectedBeforeLock, matchedBy}) => [
      address,
      matchedBy,
      connectedBeforeLock,
    ])
  assert.deepEqual(rows({host: '10.0.0.7'}), [['10.0.0.7:50114', 'host', true]])
  assert.deepEqual(rows({host: '::1'}), [['[::1]:50300', 'host', false]])
  assert.deepEqual(rows({host: 'worker-1'}), [['10.0.0.7:50114', 'name', true]])
  assert.deepEqual(rows({consumer: 'orders-worker-10'}), [['10.0.0.8:50200', 'name', true]])
  assert.deepEqual(rows({host: 'worker-3'}), [])
})

test('for a token that does not identify a client, only the number of older clients is known', () => {
  assert.deepEqual(connections({}, 100_000), {
    clients: 3,
    connectedBeforeLock: 1,
    candidates: [],
    isIdentifiable: false,
  })
  assert.equal(connections({}, 91_000).connectedBeforeLock, 2, 'ages are full seconds')
  assert.equal(connections({}, null).connectedBeforeLock, 3)
})
