import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {promisify} from 'node:util'

import {type HashingScheme, partitionOfKey} from '../../../src/domain/keys/hashing/partition-routing.js'
import {partitionName, type TopicName} from '../../../src/topic-name.js'
import {type Place, publishKeys} from '../servers/live.js'
import {pythonProgram} from './programs.js'

const PROGRAM = 'produce_keys.py'

/** Why the Python client is not available; false if it is. */
export const WITHOUT_PYTHON = pythonProgram(PROGRAM) === null ? 'pip cannot install the Python packages' : false

/** By key, the partition that stores its message. */
export type StoredKeys = ReadonlyMap<string, number>

/** Publishes a message with each key through the Python client with its default hash. */
export async function publishByPython(
  {addresses}: Place,
  topic: TopicName,
  keys: readonly string[],
): Promise<StoredKeys> {
  const program = pythonProgram(PROGRAM)
  assert.ok(program)
  const wanted = JSON.stringify({serviceUrl: addresses.serviceUrl, topic: topic.full, keys})
  const {stdout} = await promisify(execFile)(program.command, [...program.args, wanted], {
    env: {...process.env, ...program.env},
  })
  const lines = stdout.trimEnd().split('\n')
  return new Map(lines.map((line) => JSON.parse(line) as {key: string; partition: number}).map(entryOf))
}

function entryOf({key, partition}: {key: string; partition: number}): [string, number] {
  return [key, partition]
}

/** Publishes a message with each key to the partition that a function chooses. */
export async function publishTo(
  place: Place,
  topic: TopicName,
  keys: readonly string[],
  partitionOf: (key: string) => number,
): Promise<StoredKeys> {
  const stored = new Map(keys.map((key) => [key, partitionOf(key)]))
  const byPartition = Map.groupBy(keys, (key) => stored.get(key) ?? 0)
  await Promise.all([...byPartition].map(([at, some]) => publishKeys(place, partitionName(topic, at), some)))
  return stored
}

/** The same as producers with a hashing scheme do. */
export function publishWith(
  place: Place,
  topic: TopicName,
  keys: readonly string[],
  {partitions, scheme}: {readonly partitions: number; readonly scheme: HashingScheme},
): Promise<StoredKeys> {
  return publishTo(place, topic, keys, (key) => partitionOfKey(key, partitions, scheme))
}
