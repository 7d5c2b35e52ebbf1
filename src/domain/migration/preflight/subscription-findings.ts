import {suggestedCommand} from '../../../suggested-command.js'
import {isSystemCursor} from '../../topic-stats/system-cursors.js'
import {isPaused} from '../pause-rate.js'
import {blocks, blocksUnlessAccepted, each, planWith, type Rule, warns} from './preflight-finding.js'

const mixedTypes: Rule = ({snapshot: {collected}}) => {
  const types = new Set(collected.partitions.map(({subscription}) => subscription.type ?? 'None'))
  types.delete('None')
  if (types.size <= 1) return null
  return blocks({
    code: 'mixed-types',
    message: `the partitions have different types: ${[...types].toSorted().join(', ')}`,
    evidence: collected.partitions.map(({partition, subscription}) => ({
      field: `partition ${String(partition)} type`,
      value: subscription.type ?? 'None',
    })),
  })
}

const systemCursor: Rule = ({snapshot: {collected}}) => {
  const {subscription} = collected
  if (!isSystemCursor(subscription)) return null
  return blocks({
    code: 'system-cursor',
    message: `${subscription} is a cursor of the broker, for compaction, deduplication or geo-replication: no consumer uses it`,
    evidence: [{field: 'subscription', value: subscription}],
  })
}

const noType: Rule = ({snapshot: {collected}, to}) => {
  if (isSystemCursor(collected.subscription)) return null
  if (!collected.partitions.every(({subscription}) => (subscription.type ?? 'None') === 'None')) return null
  return blocks({
    code: 'no-type',
    message: `the subscription has no type yet, because no consumer has connected since the topic was loaded; start the ${to} consumers instead of a migration`,
    evidence: [{field: 'type', value: 'None'}],
  })
}

const exclusive: Rule = ({snapshot: {collected}}) => {
  if (!collected.partitions.some(({subscription}) => subscription.type === 'Exclusive')) return null
  return blocks({
    code: 'exclusive',
    message:
      'the subscription is Exclusive and has one consumer: stop it and start the new consumers. No migration is needed',
    evidence: [{field: 'type', value: 'Exclusive'}],
  })
}

const nonDurable: Rule = ({snapshot: {collected}}) => {
  if (collected.partitions.every(({subscription}) => subscription.isDurable !== false)) return null
  return blocks({
    code: 'non-durable',
    message:
      'the subscription is not durable: the broker deletes its cursor when the last consumer disconnects, so its position would be lost',
    evidence: [{field: 'isDurable', value: 'false'}],
  })
}

const replicated: Rule = ({snapshot: {collected}}) => {
  if (collected.partitions.every(({subscription}) => subscription.isReplicated !== true)) return null
  return blocksUnlessAccepted({
    code: 'replicated',
    message: 'the subscription is replicated: the other clusters keep the old type and have to be migrated separately',
    evidence: [{field: 'isReplicated', value: 'true'}],
  })
}

const newSubscriptionExists: Rule = ({newSubscription, snapshot: {collected}}) => {
  if (newSubscription === null) return null
  const taken = collected.partitions.filter(({stats}) => stats.subscriptions?.[newSubscription] !== undefined)
  if (taken.length === 0) return null
  return blocks({
    code: 'new-subscription-exists',
    message: `the new subscription ${newSubscription} already exists, and its consumers receive every message in addition to the old ones: stop them and delete it, or choose another name with --new-subscription`,
    evidence: each(
      'partition',
      taken.map(({partition}) => String(partition)),
    ),
  })
}

/** Left by an incomplete migration, or by one whose journal was deleted: the plan would record it as the original rate. */
const alreadyPaused: Rule = ({snapshot: {policies}}) => {
  if (!isPaused(policies.dispatchRate)) return null
  return blocks({
    code: 'already-paused',
    message:
      'delivery is already paused by a dispatch rate that keyshift sets: complete that migration, or remove the dispatch rate of the subscription if no migration is listed',
    evidence: [{field: 'dispatchRate', value: JSON.stringify(policies.dispatchRate)}],
    next: [suggestedCommand('migrate', 'list')],
  })
}

/** If the allowed types do not contain the new type, the new consumers would stay blocked after the switch. */
const typeNotAllowed: Rule = ({snapshot: {allowedTypes, topicPolicies}, to}) => {
  if (topicPolicies !== 'on' || allowedTypes.includes(to)) return null
  return blocks({
    code: 'type-not-allowed',
    message: `${to} subscriptions are not allowed on the topic (allowed: ${allowedTypes.join(', ')}), by a policy of the topic, the namespace or the broker, or by a completed migration that is not finished`,
    evidence: [{field: 'subscriptionTypesEnabled', value: allowedTypes.join(', ')}],
    next: [suggestedCommand('migrate', 'list')],
  })
}

/**
 * The type restriction applies to the whole topic: connected consumers of other subscriptions stay connected but cannot
 * reconnect. In-place blocks the new type until the switch and the old type until `finish`; blue-green blocks both while
 * delivery is paused.
 */
const neighborsRestricted: Rule = (input) => {
  const {from, snapshot, strategy, to} = input
  const {collected} = snapshot
  if (strategy === 'stop-start') return null
  const names = new Set<string>()
  for (const {stats} of collected.partitions) {
    for (const [name, {type}] of Object.entries(stats.subscriptions ?? {})) {
      if (name !== collected.subscription && (type === from || type === to)) names.add(name)
    }
  }
  if (names.size === 0) return null
  const sorted = [...names].toSorted()
  const draft = {code: 'neighbors-restricted', evidence: each('subscription', sorted)}
  const effect = `consumers of other ${String(from)} or ${to} subscriptions (${sorted.join(', ')}) stay connected but cannot reconnect`
  return strategy === 'in-place'
    ? blocksUnlessAccepted({
        ...draft,
        message: `${effect}: ${to} until the switch, ${String(from)} until the migration is finished; with --strategy blue-green the restriction lasts only during the switch`,
        next: [planWith('blue-green', input)],
      })
    : warns({...draft, message: `${effect} while delivery is paused`})
}

export const subscriptionRules: readonly Rule[] = [
  systemCursor,
  mixedTypes,
  noType,
  exclusive,
  nonDurable,
  replicated,
  newSubscriptionExists,
  alreadyPaused,
  typeNotAllowed,
  neighborsRestricted,
]
