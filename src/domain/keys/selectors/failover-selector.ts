import {murmur3} from '../hashing/murmur3.js'
import {byName} from './selector.js'

export interface FailoverConsumer {
  readonly name: string
  /** a smaller value has precedence; not in the statistics */
  readonly priorityLevel: number
}

export interface FailoverTopic {
  /** `persistent://tenant/namespace/name`, including the partition of a partitioned topic */
  readonly topic: string
  /** null on a plain topic */
  readonly partition: number | null
  /** `activeConsumerFailoverConsistentHashing` of the broker, false by default */
  readonly usesConsistentHashing: boolean
}

const POINTS = 100

/**
 * The active consumer of a Failover subscription on a topic or partition. Among the consumers of the best priority, sorted
 * by name, the partition number chooses; on a plain topic a hash ring of the names.
 *
 * @returns null without consumers.
 * @see apache/pulsar AbstractDispatcherSingleActiveConsumer (4.0.8, 4.2.4)
 */
export function activeConsumer<C extends FailoverConsumer>(consumers: readonly C[], where: FailoverTopic): C | null {
  const best = Math.min(...consumers.map(({priorityLevel}) => priorityLevel))
  const eligible = consumers.filter(({priorityLevel}) => priorityLevel === best).toSorted(byName)
  if (where.partition !== null && !where.usesConsistentHashing) {
    return eligible[where.partition % eligible.length] ?? null
  }
  return ownerOnRing(eligible, murmur3(Buffer.from(where.topic, 'utf8')))
}

/** A later point replaces an earlier one with the same hash. */
function ownerOnRing<C extends FailoverConsumer>(consumers: readonly C[], hash: number): C | null {
  const ring = new Map<number, C>()
  for (const consumer of consumers) {
    for (let point = 0; point < POINTS; point++) {
      ring.set(murmur3(Buffer.from(consumer.name + String(point), 'utf8')), consumer)
    }
  }
  const points = [...ring.keys()].toSorted((a, b) => a - b)
  const point = points.find((candidate) => candidate >= hash) ?? points[0]
  return point === undefined ? null : (ring.get(point) ?? null)
}
