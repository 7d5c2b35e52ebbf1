import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'

/** Brokers do not number consumers, so two with the same name and address are distinguished by their connection time. */
export function consumerId({address, connectedSince, consumerName}: ConsumerStats): string {
  return JSON.stringify([consumerName, address, connectedSince])
}

/** A consumer's name and address as displayed. */
export function clientNameOf({address, consumerName}: ConsumerStats): ClientName {
  return {name: consumerName === '' ? null : (consumerName ?? null), address: address?.replace(/^\//, '') ?? null}
}

/**
 * What identifies the client of each consumer of a partition. A client has one consumer on each partition, all with its
 * name, and one connection, and so one address, for each broker. Where several consumers of the partition have a name, the
 * address distinguishes the clients.
 */
export function clientIds({consumers = []}: Pick<SubscriptionStats, 'consumers'>): (consumer: ConsumerStats) => string {
  const names = consumers.map(({consumerName = ''}) => consumerName)
  const repeated = new Set(names.filter((name, at) => name === '' || names.indexOf(name) !== at))
  return ({address = '', consumerName = ''}) =>
    repeated.has(consumerName) ? JSON.stringify([consumerName, address]) : consumerName
}

/** By name, then address: the order of consumers and producers in reports. */
export function byNameAndAddress(a: ClientName, b: ClientName): number {
  return `${a.name ?? ''} ${a.address ?? ''}`.localeCompare(`${b.name ?? ''} ${b.address ?? ''}`)
}

interface ClientName {
  readonly name: string | null
  readonly address: string | null
}

/** The number of consuming clients. The input has one name per consumer, null for a consumer without a name. */
export function countConsumers(namesByPartition: ReadonlyArray<ReadonlyArray<string | null>>): number {
  const count = new ConsumerCount()
  for (const names of namesByPartition) count.addPartition(names)
  return count.total
}

/**
 * Counts consuming clients. A client has one consumer on each partition, all with the same name, so the number of clients
 * of a name is its largest number on one partition.
 */
export class ConsumerCount {
  private readonly most = new Map<string | null, number>()
  total = 0

  /** @param names of one partition's consumers; null for one without a name */
  addPartition(names: ReadonlyArray<string | null>): void {
    const here = new Map<string | null, number>()
    for (const name of names) here.set(name, (here.get(name) ?? 0) + 1)
    for (const [name, count] of here) {
      const before = this.most.get(name) ?? 0
      if (count <= before) continue
      this.most.set(name, count)
      this.total += count - before
    }
  }
}
