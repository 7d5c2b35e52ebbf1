import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'

/** The broker gives a consumer no number: two of one name and address are told apart by when they came. */
export function consumerId({address, connectedSince, consumerName}: ConsumerStats): string {
  return JSON.stringify([consumerName, address, connectedSince])
}

/** A consumer's name and address as people know them. */
export function clientNameOf({address, consumerName}: ConsumerStats): ClientName {
  return {name: consumerName === '' ? null : (consumerName ?? null), address: address?.replace(/^\//, '') ?? null}
}

/** By name, then address: the order of consumers and producers in reports. */
export function byNameAndAddress(a: ClientName, b: ClientName): number {
  return `${a.name ?? ''} ${a.address ?? ''}`.localeCompare(`${b.name ?? ''} ${b.address ?? ''}`)
}

interface ClientName {
  readonly name: string | null
  readonly address: string | null
}

/** How many clients consume; a name for each consumer, null where it has none. */
export function countConsumers(namesByPartition: ReadonlyArray<ReadonlyArray<string | null>>): number {
  const count = new ConsumerCount()
  for (const names of namesByPartition) count.addPartition(names)
  return count.total
}

/**
 * How many clients consume. A client has one consumer on each partition, all of one name, so each name counts as often
 * as it stands on the partition that has it most.
 */
export class ConsumerCount {
  private readonly most = new Map<string | null, number>()
  total = 0

  /** @param names of one partition's consumers; null for one whose name is not told */
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
