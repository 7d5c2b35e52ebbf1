import {isPaused} from '../pause-rate.js'
import {blocks, blocksUnlessAccepted, each, type Rule, warns} from './preflight-finding.js'

const mixedTypes: Rule = ({snapshot: {collected}}) => {
  const types = new Set(collected.partitions.map(({subscription}) => subscription.type ?? 'None'))
  types.delete('None')
  if (types.size <= 1) return null
  return blocks({
    code: 'mixed-types',
    message: 'partitions are of different types',
    evidence: collected.partitions.map(({partition, subscription}) => ({
      field: `partition ${String(partition)} type`,
      value: subscription.type ?? 'None',
    })),
  })
}

const noType: Rule = ({snapshot: {collected}, to}) => {
  if (!collected.partitions.every(({subscription}) => (subscription.type ?? 'None') === 'None')) return null
  return blocks({
    code: 'no-type',
    message: `no consumer has connected since the topic was loaded, so it has no type yet: just start the ${to} fleet`,
    evidence: [{field: 'type', value: 'None'}],
  })
}

const exclusive: Rule = ({snapshot: {collected}}) => {
  if (!collected.partitions.some(({subscription}) => subscription.type === 'Exclusive')) return null
  return blocks({
    code: 'exclusive',
    message: 'it is Exclusive: stop its one consumer and start the new fleet, there is nothing to hand over',
    evidence: [{field: 'type', value: 'Exclusive'}],
  })
}

const nonDurable: Rule = ({snapshot: {collected}}) => {
  if (collected.partitions.every(({subscription}) => subscription.isDurable !== false)) return null
  return blocks({
    code: 'non-durable',
    message: 'the subscription is not durable: its cursor goes when its last consumer is disconnected',
    evidence: [{field: 'isDurable', value: 'false'}],
  })
}

const replicated: Rule = ({snapshot: {collected}}) => {
  if (collected.partitions.every(({subscription}) => subscription.isReplicated !== true)) return null
  return blocksUnlessAccepted({
    code: 'replicated',
    message: 'the subscription is replicated: the other clusters keep their own type and must be migrated as well',
    evidence: [{field: 'isReplicated', value: 'true'}],
  })
}

const newSubscriptionExists: Rule = ({newSubscription, snapshot: {collected}}) => {
  if (newSubscription === null) return null
  const taken = collected.partitions.filter(({stats}) => stats.subscriptions?.[newSubscription] !== undefined)
  if (taken.length === 0) return null
  return blocks({
    code: 'new-subscription-exists',
    message: `${newSubscription} exists already; its fleet would get every message beside the old one: stop that fleet and delete it, or take another name`,
    evidence: each(
      'partition',
      taken.map(({partition}) => String(partition)),
    ),
  })
}

/** Left by a migration that is not over, or whose journal is gone: it would be taken for what was there before. */
const alreadyPaused: Rule = ({snapshot: {policies}}) => {
  if (!isPaused(policies.dispatchRate)) return null
  return blocks({
    code: 'already-paused',
    message: `its delivery is held already, as a migration does: see keyshift migrate list; if there is none, delete the subscription's dispatch rate`,
    evidence: [{field: 'dispatchRate', value: JSON.stringify(policies.dispatchRate)}],
  })
}

/** An allowed set of types that leaves out the new type would keep the new fleet out for ever. */
const typeNotAllowed: Rule = ({snapshot: {allowedTypes, topicPolicies}, to}) => {
  if (topicPolicies !== 'on' || allowedTypes.includes(to)) return null
  return blocks({
    code: 'type-not-allowed',
    message: `${to} subscriptions are forbidden by a policy of the topic, the namespace or the broker; a migration that is done and not finished does that too (keyshift migrate list)`,
    evidence: [{field: 'subscriptionTypesEnabled', value: allowedTypes.join(', ')}],
  })
}

/**
 * The fence is topic-wide: who is connected stays, but can't come back. In place the old type is kept out until `finish`,
 * the new one until the switch; blue-green both are, from the cut-over to the switch.
 */
const neighboursRestricted: Rule = ({from, snapshot: {collected}, strategy, to}) => {
  if (strategy === 'stop-start') return null
  const names = new Set<string>()
  for (const {stats} of collected.partitions) {
    for (const [name, {type}] of Object.entries(stats.subscriptions ?? {})) {
      if (name !== collected.subscription && (type === from || type === to)) names.add(name)
    }
  }
  if (names.size === 0) return null
  const sorted = [...names].toSorted()
  const draft = {code: 'neighbours-restricted', evidence: each('subscription', sorted)}
  const who = `other ${String(from)} or ${to} subscriptions of the topic stay connected but could not reconnect`
  return strategy === 'in-place'
    ? blocksUnlessAccepted({
        ...draft,
        message: `${who} while the fence stands: ${sorted.join(', ')}; --strategy blue-green has it for the switch alone`,
      })
    : warns({...draft, message: `${who} while delivery is held: ${sorted.join(', ')}`})
}

export const subscriptionRules: readonly Rule[] = [
  mixedTypes,
  noType,
  exclusive,
  nonDurable,
  replicated,
  newSubscriptionExists,
  alreadyPaused,
  typeNotAllowed,
  neighboursRestricted,
]
