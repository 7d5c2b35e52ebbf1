import type {ConsumerStats} from '../../../clients/pulsar-admin/types.js'
import type {Severity} from '../../../severity.js'
import {counted, durationText} from '../../../wording.js'
import {
  type ClientConsumer,
  type ClientFacts,
  clientsText,
  evidenceOf,
  hasNoPermits,
  hasNotAcked,
  isQuiet,
} from '../facts/client-facts.js'
import {countsUnacked} from '../../topic-stats/unacked-messages.js'
import type {EvidenceField} from '../facts/evidence.js'
import type {Draft, Remedy} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {backlogOf, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {drainingSlots} from './draining.js'
import {checkConsumers, inspectCommand, restartConsumers, unloadTopic} from '../facts/remedies.js'
import {partitionsOf} from './progress.js'
import {isLookAheadFull} from './replay.js'

/** A client that has a problem, and its consumers on the partitions where it has it. */
interface Found {
  readonly client: ClientFacts
  readonly consumers: readonly ClientConsumer[]
}

interface Cause {
  readonly code: string
  readonly severity: (facts: SubscriptionFacts, found: Found) => Severity
  /** the consumers of a client that have the problem */
  readonly of: (facts: SubscriptionFacts, client: ClientFacts) => readonly ClientConsumer[]
  readonly message: (facts: SubscriptionFacts, all: readonly Found[]) => string
  readonly fields: ReadonlyArray<EvidenceField & keyof ConsumerStats>
  readonly remedies: (facts: SubscriptionFacts, clients: readonly ClientFacts[]) => readonly Remedy[]
  readonly links?: readonly string[]
}

/** In the order in which they are tested. The first that applies to a client is reported, because it explains those after it. */
const CAUSES: readonly Cause[] = [
  {
    code: 'stale-block-flag',
    severity: () => 'error',
    of: (_, {consumers}) =>
      consumers.filter(({before, now, row}) =>
        [before, now].every(
          ({blockedConsumerOnUnackedMsgs, unackedMessages}) =>
            blockedConsumerOnUnackedMsgs === true && unackedMessages === 0 && countsUnacked(row.now),
        ),
      ),
    message: (_, all) =>
      `The broker sends nothing to ${names(all)}${where(all)}: ${all.length === 1 ? 'it is' : 'they are'} flagged as blocked on unacked messages, but ${all.length === 1 ? 'has' : 'have'} none. The flag is stale, which is a bug of the broker`,
    fields: ['blockedConsumerOnUnackedMsgs', 'unackedMessages', 'availablePermits'],
    remedies: (facts, clients) => [...restartConsumers(clients), unloadTopic(facts)],
    links: ['apache/pulsar#22657'],
  },
  {
    code: 'consumer-blocked-on-unacked',
    severity: (facts, {client}) => (isQuiet(facts, client) ? 'error' : 'warn'),
    of: (_, {consumers}) => consumers.filter(({now}) => now.blockedConsumerOnUnackedMsgs === true),
    message: (facts, all) =>
      `The broker sends no more messages to ${names(all)}${where(all)}: ${all.length === 1 ? 'it' : 'each'} reached the limit of unacked messages per consumer (${counted(unacked(all), 'unacked message')}${all.length === 1 ? '' : ' in total'})` +
      (all.every(({client}) => !isQuiet(facts, client)) ? '; messages are still being acked' : ''),
    fields: ['unackedMessages', 'blockedConsumerOnUnackedMsgs', 'lastAckedTimestamp'],
    remedies: (facts, clients) => forHolders(facts, clients),
  },
  {
    code: 'negative-permits',
    severity: () => 'error',
    of: (_, {consumers}) =>
      consumers.filter(({before, now, row}) =>
        [before, now].every((one) => permitsOf(one) < 0 && one.unackedMessages === 0 && countsUnacked(row.now)),
      ),
    message: (_, all) =>
      `The broker sends no more messages to ${names(all)}${where(all)}: negative permits, although no message is unacked`,
    fields: ['availablePermits', 'unackedMessages'],
    remedies: (facts, clients) => [...restartConsumers(clients), unloadTopic(facts)],
    links: ['apache/pulsar#26288 (5.0.0)', 'apache/pulsar#24418'],
  },
  {
    code: 'active-consumer-not-acking',
    severity: () => 'error',
    of: (facts, client) =>
      isQuiet(facts, client)
        ? client.consumers.filter(
            ({now, row}) =>
              row.progress.state === 'stalled' &&
              isActive(row, now) &&
              !countsUnacked(row.now) &&
              (now.lastConsumedTimestamp ?? 0) > (now.lastAckedTimestamp ?? 0),
          )
        : [],
    message: (facts, all) =>
      `${names(all)} is the active consumer${where(all)} and has acked nothing for over ${durationText(facts.stuckAfterMs)}, although it has received messages; it may be hung`,
    fields: ['lastConsumedTimestamp', 'lastAckedTimestamp', 'availablePermits'],
    remedies: (facts, clients) => [checkConsumers(clients), ...restartConsumers(clients), unloadTopic(facts)],
  },
  {
    code: 'consumer-without-permits',
    severity: () => 'error',
    of: (facts, client) =>
      isQuiet(facts, client)
        ? client.consumers.filter(
            ({before, now, row}) =>
              backlogOf(row) > 0 &&
              isActive(row, now) &&
              [before, now].every((one) => permitsOf(one) === 0 && (one.unackedMessages ?? 0) === 0),
          )
        : [],
    message: (_, all) =>
      `${names(all)} ${all.length === 1 ? 'is' : 'are'} connected but ${all.length === 1 ? 'does' : 'do'} not request messages${where(all)}; ${all.length === 1 ? 'it' : 'they'} may be paused or not calling receive`,
    fields: ['availablePermits', 'unackedMessages', 'lastConsumedFlowTimestamp'],
    remedies: (_, clients) => [checkConsumers(clients), ...restartConsumers(clients)],
  },
  {
    code: 'consumer-not-reading',
    severity: () => 'error',
    of: (facts, client) =>
      hasNoPermits(client) && isQuiet(facts, client) ? held(facts, client).filter(({now}) => permitsOf(now) <= 0) : [],
    message: (_, all) =>
      `${names(all)} ${all.length === 1 ? 'is' : 'are'} not acknowledging ${counted(unacked(all), 'message')} and not requesting more${where(all)}; ${all.length === 1 ? 'it' : 'they'} may be hung`,
    fields: ['availablePermits', 'unackedMessages', 'lastAckedTimestamp', 'lastConsumedFlowTimestamp'],
    remedies: (facts, clients) => [checkConsumers(clients), ...restartConsumers(clients), unloadTopic(facts)],
  },
  {
    code: 'consumer-holds-unacked',
    // It is the cause only where nothing else moves: elsewhere other messages go on.
    severity: (_, {consumers}) => (consumers.some(({row}) => row.progress.state === 'stalled') ? 'error' : 'warn'),
    of: (facts, client) => (hasNotAcked(facts, client) ? held(facts, client) : []),
    message: (facts, all) =>
      `${names(all)} ${all.length === 1 ? 'has' : 'have'} acked nothing for over ${durationText(facts.stuckAfterMs)}${where(all)}, with ${counted(unacked(all), 'unacked message')}` +
      (all.every(({consumers}) => consumers.every(({now}) => permitsOf(now) > 0))
        ? ', and can still receive new ones'
        : ''),
    fields: ['unackedMessages', 'lastAckedTimestamp', 'availablePermits'],
    remedies: (_, clients) => [checkConsumers(clients), ...restartConsumers(clients)],
  },
]

/**
 * Consumers that do not take or acknowledge messages: one finding for each cause.
 *
 * @param others findings of the other rules; a partition where one of them explains silent consumers is left out.
 */
export function consumerRules(facts: SubscriptionFacts, others: readonly Draft[]): Draft[] {
  const explained = partitionsOf(
    others.filter(({explains = []}) => explains.includes('silent-consumers')),
    ['error', 'warn'],
  )
  const found = facts.clients.flatMap((client) => {
    // Draining slots explain what a client does not do.
    if (drainingSlots(facts, client).length > 0) return []
    for (const cause of CAUSES) {
      const consumers = cause.of(facts, client).filter(({partition}) => !explained.has(partition))
      if (consumers.length > 0)
        return [{cause, severity: cause.severity(facts, {client, consumers}), client, consumers}]
    }
    return []
  })
  const grouped = Map.groupBy(found, ({cause, severity}) => `${cause.code} ${severity}`)
  return [...grouped.values()].flatMap((all) => {
    const [first] = all
    return first ? [findingOf(facts, first.cause, first.severity, all)] : []
  })
}

function findingOf(facts: SubscriptionFacts, cause: Cause, severity: Severity, all: readonly Found[]): Draft {
  const clients = all.map(({client}) => client)
  const consumers = all.flatMap((one) => one.consumers)
  const acks = clients.flatMap(({lastAckMs}) => lastAckMs ?? [])
  return {
    code: cause.code,
    severity,
    message: cause.message(facts, all),
    partitions: consumers.map(({partition}) => partition),
    consumers: clients,
    sinceMs: acks.length === 0 ? null : Math.min(...acks),
    evidence: consumers.flatMap((one) => cause.fields.flatMap((field) => evidenceOf(one, field, all.length > 1))),
    remedies: [inspectCommand(facts), ...cause.remedies(facts, clients)],
    links: cause.links ?? [],
  }
}

function names(all: readonly Found[]): string {
  return clientsText(all.map(({client}) => client))
}

function where(all: readonly Found[]): string {
  return whereText(all.flatMap(({consumers}) => consumers))
}

function unacked(all: readonly Found[]): number {
  return all.reduce(
    (sum, {consumers}) => sum + consumers.reduce((part, {now}) => part + (now.unackedMessages ?? 0), 0),
    0,
  )
}

function permitsOf({availablePermits}: ConsumerStats): number {
  return availablePermits ?? 0
}

/** On Failover only the active consumer gets messages. */
function isActive({now}: PartitionFacts, {consumerName}: ConsumerStats): boolean {
  return now.type !== 'Failover' || now.activeConsumerName === undefined || now.activeConsumerName === consumerName
}

/**
 * The consumers of a client that held messages in both samples, where the partition has waited long enough for them, and no
 * limit of the subscription has a finding of its own.
 */
function held(facts: SubscriptionFacts, {consumers}: ClientFacts): ClientConsumer[] {
  return consumers.filter(
    ({before, now, row}) =>
      [before, now].every(({unackedMessages = 0}) => unackedMessages > 0) &&
      countsUnacked(row.now) &&
      row.now.blockedSubscriptionOnUnackedMsgs !== true &&
      !isLookAheadFull(facts, row) &&
      hasWaited(facts, row),
  )
}

/** A message that was published only now cannot be late. Delayed messages are old when they become due. */
function hasWaited({nowMs, stuckAfterMs}: SubscriptionFacts, {now}: PartitionFacts): boolean {
  const published = now.earliestMsgPublishTimeInBacklog ?? 0
  return (now.msgDelayed ?? 0) <= 0 && (published <= 0 || nowMs - published > stuckAfterMs)
}

function forHolders(facts: SubscriptionFacts, clients: readonly ClientFacts[]): Remedy[] {
  const quiet = clients.filter((client) => isQuiet(facts, client))
  return [
    checkConsumers(clients),
    ...(quiet.length === 0
      ? [{command: 'process messages faster, or add consumers', cost: 'a deployment'}]
      : [...restartConsumers(quiet), unloadTopic(facts)]),
  ]
}
