import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'
import type {MigrationSnapshot} from './snapshot.js'

type Topic = Pick<MigrationSnapshot, 'collected'>

/** The other subscriptions of the topic that have one of these types; `None` is one that nobody uses now. */
export function neighboursOf({collected}: Topic, types: readonly string[]): string[] {
  const names = collected.partitions.flatMap(({stats}) =>
    Object.entries(stats.subscriptions ?? {})
      .filter(([name, {type}]) => name !== collected.subscription && types.includes(type ?? 'None'))
      .map(([name]) => name),
  )
  return [...new Set(names)].toSorted()
}

/** The neighbours that would be kept out with a waiting fleet that is refused by its type: of that type, or perhaps. */
export function barredWith(topic: Topic, to: SubscriptionType): string[] {
  return neighboursOf(topic, [to, 'None'])
}
