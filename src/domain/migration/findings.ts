import {commonType} from '../subscriptions/inspect.js'
import type {MigrationSnapshot} from './snapshot.js'

export interface Finding {
  code: string
  severity: 'block' | 'info' | 'warn'
  message: string
  evidence: Array<{field: string; value: string}>
  /** whether `--accept CODE` lets a blocking finding pass */
  isWaivable: boolean
  isAccepted: boolean
}

type Draft = Omit<Finding, 'isAccepted'>

/** What stands against a migration from Shared to Key_Shared in place, or should be known before it. */
export function findingsOf(snapshot: MigrationSnapshot): Finding[] {
  const rules = [
    mixedTypes,
    notShared,
    nonDurable,
    replicated,
    policiesOff,
    pauseHoldsNothing,
    keySharedNotAllowed,
    neighboursFenced,
    delayed,
    batches,
    chunks,
    sameNames,
    noConsumers,
    oldBroker,
  ]
  return rules.flatMap((rule) => rule(snapshot) ?? []).map((draft) => ({...draft, isAccepted: false}))
}

function types({collected}: MigrationSnapshot): string[] {
  return collected.partitions.map(({subscription}) => subscription.type ?? 'None')
}

function mixedTypes(snapshot: MigrationSnapshot): Draft | undefined {
  if (commonType(types(snapshot)) !== null) return undefined
  return {
    code: 'mixed-types',
    severity: 'block',
    message: 'partitions are of different types',
    evidence: snapshot.collected.partitions.map(({partition, subscription}) => ({
      field: `partition ${String(partition)} type`,
      value: subscription.type ?? 'None',
    })),
    isWaivable: false,
  }
}

function notShared(snapshot: MigrationSnapshot): Draft | undefined {
  const type = commonType(types(snapshot))
  if (type === 'Shared' || type === null) return undefined
  const message =
    type === 'None'
      ? 'no consumer has connected since the topic was loaded, so it has no type yet: just start the Key_Shared fleet'
      : `it is ${type}; this version migrates Shared to Key_Shared`
  return {code: 'not-shared', severity: 'block', message, evidence: [{field: 'type', value: type}], isWaivable: false}
}

function nonDurable({collected}: MigrationSnapshot): Draft | undefined {
  if (collected.partitions.every(({subscription}) => subscription.isDurable !== false)) return undefined
  return {
    code: 'non-durable',
    severity: 'block',
    message: 'the subscription is not durable: its cursor goes when its last consumer is disconnected',
    evidence: [{field: 'isDurable', value: 'false'}],
    isWaivable: false,
  }
}

function replicated({collected}: MigrationSnapshot): Draft | undefined {
  if (collected.partitions.every(({subscription}) => subscription.isReplicated !== true)) return undefined
  return {
    code: 'replicated',
    severity: 'block',
    message: 'the subscription is replicated: the other clusters keep their own type and must be migrated as well',
    evidence: [{field: 'isReplicated', value: 'true'}],
    isWaivable: true,
  }
}

function policiesOff({hasTopicPolicies}: MigrationSnapshot): Draft | undefined {
  if (hasTopicPolicies) return undefined
  return {
    code: 'topic-policies-off',
    severity: 'block',
    message: 'topic policies are switched off on the broker, so delivery can be neither held nor fenced',
    evidence: [{field: 'topicLevelPoliciesEnabled', value: 'false'}],
    isWaivable: false,
  }
}

function pauseHoldsNothing({broker}: MigrationSnapshot): Draft | undefined {
  if (broker.throttlesCaughtUp !== false) return undefined
  return {
    code: 'throttling-off',
    severity: 'block',
    message: 'the broker throttles no consumer that is caught up, so a pause by dispatch rate would hold nothing',
    evidence: [{field: 'dispatchThrottlingOnNonBacklogConsumerEnabled', value: 'false'}],
    isWaivable: false,
  }
}

function keySharedNotAllowed({allowedTypes, hasTopicPolicies}: MigrationSnapshot): Draft | undefined {
  if (!hasTopicPolicies || allowedTypes.includes('Key_Shared')) return undefined
  return {
    code: 'key-shared-not-allowed',
    severity: 'block',
    message: 'Key_Shared subscriptions are forbidden by a policy of the topic, the namespace or the broker',
    evidence: [{field: 'subscriptionTypesEnabled', value: allowedTypes.join(', ')}],
    isWaivable: false,
  }
}

/** The fence is topic-wide: a neighbour that is Shared stays connected, but could not come back. */
function neighboursFenced({collected}: MigrationSnapshot): Draft | undefined {
  const shared = new Set<string>()
  for (const {stats} of collected.partitions) {
    for (const [name, {type}] of Object.entries(stats.subscriptions ?? {})) {
      if (name !== collected.subscription && type === 'Shared') shared.add(name)
    }
  }
  if (shared.size === 0) return undefined
  const names = [...shared].toSorted()
  return {
    code: 'neighbours-fenced',
    severity: 'block',
    message: `other Shared subscriptions of the topic could not reconnect while the fence stands: ${names.join(', ')}`,
    evidence: names.map((name) => ({field: 'subscription', value: name})),
    isWaivable: true,
  }
}

function delayed({collected}: MigrationSnapshot): Draft | undefined {
  const count = collected.partitions.reduce((sum, {subscription}) => sum + (subscription.msgDelayed ?? 0), 0)
  if (count === 0) return undefined
  return {
    code: 'delayed-messages',
    severity: 'block',
    message: `${String(count)} delayed messages wait for their time: the subscription can't be drained before`,
    evidence: [{field: 'msgDelayed', value: String(count)}],
    isWaivable: false,
  }
}

function batches({collected}: MigrationSnapshot): Draft | undefined {
  const most = Math.max(
    0,
    ...collected.partitions.flatMap(({subscription}) =>
      (subscription.consumers ?? []).map(({avgMessagesPerEntry}) => avgMessagesPerEntry ?? 0),
    ),
  )
  if (most <= 1) return undefined
  return {
    code: 'mixed-batches',
    severity: 'block',
    message:
      'producers batch: Key_Shared delivers a whole batch by the key of its first message, so unless they use the ' +
      'key-based batcher, a key reaches two consumers',
    evidence: [{field: 'avgMessagesPerEntry', value: String(most)}],
    isWaivable: true,
  }
}

function chunks({collected}: MigrationSnapshot): Draft | undefined {
  if (!collected.partitions.some(({stats}) => stats.msgChunkPublished === true)) return undefined
  return {
    code: 'chunked-messages',
    severity: 'warn',
    message: 'chunked messages were published: Key_Shared has no logic for chunks, and a rebalance may split one',
    evidence: [{field: 'msgChunkPublished', value: 'true'}],
    isWaivable: false,
  }
}

function sameNames({collected}: MigrationSnapshot): Draft | undefined {
  const repeated = collected.partitions.flatMap(({subscription}) => {
    const names = (subscription.consumers ?? []).map(({consumerName}) => consumerName ?? '')
    return names.filter((name, at) => names.indexOf(name) !== at)
  })
  if (repeated.length === 0) return undefined
  const names = [...new Set(repeated)].toSorted()
  return {
    code: 'same-consumer-names',
    severity: 'warn',
    message: `several consumers share a name (${names.join(', ')}): key ranges follow names, give each its own and keep it`,
    evidence: names.map((value) => ({field: 'consumerName', value})),
    isWaivable: false,
  }
}

function noConsumers({collected}: MigrationSnapshot): Draft | undefined {
  const empty = collected.partitions.filter(({subscription}) => (subscription.consumers ?? []).length === 0)
  if (empty.length === 0) return undefined
  return {
    code: 'partitions-without-consumers',
    severity: 'warn',
    message: 'some partitions have no consumer now: what was delivered from them and not acknowledged comes again',
    evidence: empty.map(({partition}) => ({field: 'partition', value: String(partition)})),
    isWaivable: false,
  }
}

/**
 * Seen on 3.0.7, in about one run of twenty: as delivery resumes, the broker hands the messages that waited to the same
 * new consumer twice within a millisecond. Never on 4.0.7 and 4.2.4.
 */
function oldBroker({brokerVersion}: MigrationSnapshot): Draft | undefined {
  if (!/^[0-3]\./.test(brokerVersion)) return undefined
  return {
    code: 'double-delivery',
    severity: 'warn',
    message:
      'a broker before 4.0 may deliver what waited twice to a new consumer as delivery resumes: have it tolerate that',
    evidence: [{field: 'brokerVersion', value: brokerVersion}],
    isWaivable: false,
  }
}
