import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'
import {ConsumerCount} from './consumer-count.js'

/** The broker gives a consumer no number: two of one name and address are told apart by when they came. */
export function consumerId({address, connectedSince, consumerName}: ConsumerStats): string {
  return JSON.stringify([consumerName, address, connectedSince])
}

/** A consumer's name and address as people know them. */
export function personOf({address, consumerName}: ConsumerStats): Person {
  return {name: consumerName === '' ? null : (consumerName ?? null), address: address?.replace(/^\//, '') ?? null}
}

/** By name, then address: the order of consumers and producers in reports. */
export function byNameAndAddress(a: Person, b: Person): number {
  return `${a.name ?? ''} ${a.address ?? ''}`.localeCompare(`${b.name ?? ''} ${b.address ?? ''}`)
}

interface Person {
  readonly name: string | null
  readonly address: string | null
}

/** How many clients consume; a name for each consumer, null where it has none. */
export function countConsumers(namesByPartition: ReadonlyArray<ReadonlyArray<string | null>>): number {
  const count = new ConsumerCount()
  for (const names of namesByPartition) count.addPartition(names)
  return count.total
}
