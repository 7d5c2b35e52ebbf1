import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {parseTopicName, topicPath} from '../../../topic-name.js'
import {counted, numberText} from '../../../wording.js'
import {type ClientFacts, clientsText, unackedOf} from '../facts/client-facts.js'
import {countsUnacked} from '../../topic-stats/unacked-messages.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {inspectCommand, restartConsumers, unloadTopic} from '../facts/remedies.js'

/** Limits that stop the whole subscription, limits that the broker does not enforce, and counters that cannot be right. */
export function limitRules(facts: SubscriptionFacts): Draft[] {
  return [
    ...subscriptionBlocked(facts),
    ...staleSubscriptionFlag(facts),
    ...limitNotEnforced(facts),
    ...counterBelowZero(facts),
    ...pausedByAckHoles(facts),
    ...ackHolesNearLimit(facts),
  ]
}

function subscriptionBlocked(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => row.now.blockedSubscriptionOnUnackedMsgs === true && !hasStaleFlag(row))
  if (rows.length === 0) return []
  const holder = mostUnacked(facts)
  return [
    {
      code: 'subscription-blocked-on-unacked',
      severity: 'error',
      message:
        `The broker sends no more messages to any consumer${whereText(rows)}: the subscription reached its limit with ` +
        `${counted(sumUnacked(rows), 'unacked message')}${holder ? `. ${clientsText([holder])} has the most: ${numberText(unackedOf(holder) ?? 0)} unacked` : ''}`,
      partitions: rows.map(({partition}) => partition),
      consumers: holder ? [holder] : [],
      sinceMs: holder?.lastAckMs ?? null,
      evidence: rows.flatMap(({now, partition}) => [
        evidence('blockedSubscriptionOnUnackedMsgs', true, partition),
        evidence('unackedMessages', now.unackedMessages, partition),
      ]),
      remedies: [
        inspectCommand(facts),
        ...(holder && !holder.isAcking ? restartConsumers([holder]) : []),
        {
          command:
            'raise the limit of unacked messages per subscription (maxUnackedMessagesOnSubscription) of the topic',
          cost: 'more messages are redelivered when a consumer disconnects',
        },
        unloadTopic(facts),
      ],
    },
  ]
}

/** The broker lifts the block when half of the limit is acknowledged, so a block without an unacked message is an error. */
function hasStaleFlag({before, now}: PartitionFacts): boolean {
  return [before, now].every(
    ({blockedSubscriptionOnUnackedMsgs, unackedMessages}) =>
      blockedSubscriptionOnUnackedMsgs === true && unackedMessages !== undefined && unackedMessages <= 0,
  )
}

function staleSubscriptionFlag(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter(hasStaleFlag)
  if (rows.length === 0) return []
  return [
    {
      code: 'stale-block-flag',
      severity: 'error',
      message: `The broker sends nothing to any consumer${whereText(rows)}: the subscription is flagged as blocked on unacked messages, but has none. The flag is stale, which is a bug of the broker`,
      partitions: rows.map(({partition}) => partition),
      sinceMs: rows[0]?.progress.sinceMs ?? null,
      evidence: rows.flatMap(({now, partition}) => [
        evidence('blockedSubscriptionOnUnackedMsgs', true, partition),
        evidence('unackedMessages', now.unackedMessages, partition),
      ]),
      remedies: [inspectCommand(facts), unloadTopic(facts)],
      links: ['apache/pulsar#22657'],
    },
  ]
}

/** Pulsar's defaults, for brokers whose settings cannot be read. */
const DEFAULT_LIMITS = {maxUnackedMessagesPerConsumer: 50_000, maxUnackedMessagesPerSubscription: 200_000}

/** The broker passes a limit by as much as one read may contain. */
const OVERSHOOT = 1.5

/** A limit, its text, and what has passed it. */
interface Passed {
  readonly limit: keyof typeof DEFAULT_LIMITS
  readonly of: string
  readonly set: number | null
  readonly unacked: number
  readonly rows: readonly PartitionFacts[]
  readonly clients: readonly ClientFacts[]
  readonly evidence: Draft['evidence']
}

function limitNotEnforced(facts: SubscriptionFacts): Draft[] {
  return [passedBySubscription(facts), passedByConsumers(facts)].flatMap((passed) =>
    passed.rows.length === 0 ? [] : [notEnforced(facts, passed)],
  )
}

function passedBySubscription(facts: SubscriptionFacts): Passed {
  const limit = 'maxUnackedMessagesPerSubscription'
  const set = facts.limits?.[limit].value ?? facts.settings.maxUnackedPerSubscription
  const rows = facts.partitions.filter((row) =>
    [row.before, row.now].every((one) => isPassed(one, set, limit) && !isBlocked(one) && countsUnacked(row.now)),
  )
  const found = rows.map(({now, partition}) => evidence('unackedMessages', now.unackedMessages, partition))
  return {limit, of: 'per subscription', set, unacked: sumUnacked(rows), rows, clients: [], evidence: found}
}

function passedByConsumers(facts: SubscriptionFacts): Passed {
  const limit = 'maxUnackedMessagesPerConsumer'
  const set = facts.limits?.[limit].value ?? facts.settings.maxUnackedPerConsumer
  const all = facts.clients.flatMap((client) =>
    client.consumers
      .filter(
        ({before, now, row}) =>
          [before, now].every((one) => isPassed(one, set, limit) && one.blockedConsumerOnUnackedMsgs !== true) &&
          countsUnacked(row.now) &&
          !isBlocked(row.now),
      )
      .map((one) => ({client, one})),
  )
  return {
    ...{limit, of: 'per consumer', set},
    unacked: all.reduce((sum, {one}) => sum + (one.now.unackedMessages ?? 0), 0),
    rows: all.map(({one}) => one.row),
    clients: [...new Set(all.map(({client}) => client))],
    evidence: all.map(({one: {now, partition}}) =>
      evidence(
        'consumers[].unackedMessages',
        `${now.consumerName ?? 'unnamed'} ${String(now.unackedMessages)}`,
        partition,
      ),
    ),
  }
}

/** A limit of 0 is switched off. */
function isPassed(
  {unackedMessages = 0}: {unackedMessages?: number},
  set: number | null,
  limit: Passed['limit'],
): boolean {
  const value = set ?? DEFAULT_LIMITS[limit]
  return value > 0 && unackedMessages > OVERSHOOT * value
}

function isBlocked({blockedSubscriptionOnUnackedMsgs}: SubscriptionStats): boolean {
  return blockedSubscriptionOnUnackedMsgs === true
}

function notEnforced(facts: SubscriptionFacts, {clients, limit, of, rows, set, unacked, ...passed}: Passed): Draft {
  const value = set ?? DEFAULT_LIMITS[limit]
  const flag = clients.length > 0 ? 'blockedConsumerOnUnackedMsgs' : 'blockedSubscriptionOnUnackedMsgs'
  // A limit that was lowered applies from the next delivery on.
  const isIdle = rows.every(({delivered}) => delivered === 0)
  return {
    code: 'limit-not-enforced',
    severity: 'warn',
    message:
      `${counted(unacked, 'message')} ${unacked === 1 ? 'is' : 'are'} unacked${whereText(rows)}${clients.length === 0 ? '' : ` at ${clientsText(clients)}`}, above the limit of ${numberText(value)} ${of}` +
      `${set === null ? ' (the default; the broker settings were not read)' : ''}, and the broker has not stopped delivery` +
      (isIdle ? '; it checks the limit when it delivers the next message' : ''),
    partitions: rows.map(({partition}) => partition),
    consumers: clients,
    evidence: [
      ...passed.evidence,
      evidence(limit, set === null ? `${String(value)} (default)` : String(value)),
      evidence(flag, 'false'),
    ],
    remedies: [
      inspectCommand(facts),
      {
        command: 'set a smaller receiverQueueSize in the consumers, so that each holds fewer messages',
        cost: 'a deployment',
      },
    ],
    links: ['apache/pulsar#22534'],
  }
}

type Counter = 'msgBacklog' | 'msgDelayed' | 'msgInReplay' | 'unackedMessages'
const COUNTERS: readonly Counter[] = ['msgBacklog', 'unackedMessages', 'msgDelayed', 'msgInReplay']

/** Such a counter makes the broker believe that consumers may get more or less than they may. Permits can be below 0. */
function counterBelowZero(facts: SubscriptionFacts): Draft[] {
  const found = facts.partitions.flatMap((row) => {
    const ofSubscription = COUNTERS.filter((name) => [row.before, row.now].every((one) => (one[name] ?? 0) < 0))
    const ofConsumers = row.consumers.filter(({before, now}) =>
      [before, now].every(({unackedMessages = 0}) => unackedMessages < 0),
    )
    return ofSubscription.length + ofConsumers.length === 0 ? [] : [{row, ofSubscription, ofConsumers}]
  })
  if (found.length === 0) return []
  const rows = found.map(({row}) => row)
  const stalled = rows.filter(({progress}) => progress.state === 'stalled')
  const clients = facts.clients.filter(({consumers}) =>
    consumers.some(({now}) => found.some(({ofConsumers}) => ofConsumers.some((one) => one.now === now))),
  )
  return [
    {
      code: 'counter-below-zero',
      severity: stalled.length > 0 ? 'error' : 'warn',
      message:
        `The broker counts ${[...new Set(found.flatMap(({ofConsumers, ofSubscription}) => [...ofSubscription, ...(ofConsumers.length > 0 ? ['unackedMessages'] : [])]))].join(', ')} below 0${whereText(rows)}` +
        `${clients.length === 0 ? '' : ` (${clientsText(clients)})`}${stalled.length > 0 ? ', and the backlog does not move' : ''}; this is a bug of Pulsar ${facts.brokerVersion}`,
      partitions: rows.map(({partition}) => partition),
      consumers: clients,
      sinceMs: stalled[0]?.progress.sinceMs ?? null,
      evidence: found.flatMap(({ofConsumers, ofSubscription, row}) => [
        ...ofSubscription.map((name) => evidence(name, row.now[name], row.partition)),
        ...ofConsumers.map(({now}) =>
          evidence(
            'consumers[].unackedMessages',
            `${now.consumerName ?? 'unnamed'} ${String(now.unackedMessages)}`,
            row.partition,
          ),
        ),
      ]),
      remedies: [inspectCommand(facts), ...(stalled.length > 0 ? [unloadTopic(facts)] : [])],
      links: ['apache/pulsar#20885'],
    },
  ]
}

function pausedByAckHoles(facts: SubscriptionFacts): Draft[] {
  const limit = facts.settings.maxAckHolesKept
  const pauses = facts.limits?.pausesOnAckStatePersistent
  if (limit === null || pauses?.value !== true) return []
  const rows = facts.partitions.filter(
    ({now, progress}) => (now.nonContiguousDeletedMessagesRanges ?? 0) >= limit && progress.state !== 'empty',
  )
  if (rows.length === 0) return []
  const holder = mostUnacked(facts)
  return [
    {
      code: 'paused-by-ack-holes',
      explains: ['silent-consumers'],
      severity: 'error',
      message:
        `The broker has paused delivery${whereText(rows)}: it can persist no more than ${counted(limit, 'ack hole')}, and the policy ` +
        `dispatcherPauseOnAckStatePersistent makes it wait for older messages to be acked${holder ? `. ${clientsText([holder])} has the most: ${numberText(unackedOf(holder) ?? 0)} unacked` : ''}`,
      partitions: rows.map(({partition}) => partition),
      consumers: holder ? [holder] : [],
      evidence: [
        ...holesOf(rows),
        evidence('managedLedgerMaxUnackedRangesToPersist', limit),
        evidence('dispatcherPauseOnAckStatePersistent', `true, from the ${pauses.origin ?? 'broker'}`),
      ],
      remedies: [
        {...inspectCommand(facts), cost: 'none (shows which consumer does not ack the oldest messages)'},
        ...(pauses.origin === 'topic'
          ? [
              {
                command:
                  'remove the topic policy with the request ' +
                  `DELETE /admin/v2${topicPath(parseTopicName(facts.topic))}/dispatcherPauseOnAckStatePersistent ` +
                  'of the admin API (pulsar-admin 4.0.8 exits before it sends this request)',
                cost: 'delivery resumes; messages acked above the limit are delivered again when the topic is reloaded',
              },
            ]
          : []),
      ],
      links: ['PIP-299 (3.3.0)', 'apache/pulsar#25051'],
    },
  ]
}

const NEAR = 0.8

/** The broker persists ack holes up to a limit. Acknowledgements above it are lost when the topic is reloaded. */
function ackHolesNearLimit(facts: SubscriptionFacts): Draft[] {
  const limit = facts.settings.maxAckHolesKept
  if (limit === null || pausedByAckHoles(facts).length > 0) return []
  const rows = facts.partitions.filter(({now}) => isNearHoleLimit(now.nonContiguousDeletedMessagesRanges, limit))
  if (rows.length === 0) return []
  return [
    {
      code: 'ack-holes-near-limit',
      severity: 'warn',
      message:
        `More than ${String(NEAR * 100)} % of the ${counted(limit, 'ack hole')} that the broker persists are in use${whereText(rows)}; ` +
        'messages acknowledged above the limit are delivered again when the topic is reloaded',
      partitions: rows.map(({partition}) => partition),
      evidence: [...holesOf(rows), evidence('managedLedgerMaxUnackedRangesToPersist', limit)],
      remedies: [
        {...inspectCommand(facts), cost: 'none (shows which consumer does not ack the oldest messages)'},
        {command: 'raise managedLedgerMaxUnackedRangesToPersist', cost: 'a broker setting; larger cursors'},
      ],
    },
  ]
}

/** Whether a partition has most of the ack holes that the broker persists. */
export function isNearHoleLimit(holes: number | undefined, limit: number | null): boolean {
  return limit !== null && (holes ?? 0) > NEAR * limit
}

function holesOf(rows: readonly PartitionFacts[]): Draft['evidence'] {
  return rows.map(({now, partition}) =>
    evidence('nonContiguousDeletedMessagesRanges', now.nonContiguousDeletedMessagesRanges, partition),
  )
}

function mostUnacked({clients}: SubscriptionFacts): ClientFacts | null {
  const [most] = clients
    .filter((one) => (unackedOf(one) ?? 0) > 0)
    .toSorted((a, b) => (unackedOf(b) ?? 0) - (unackedOf(a) ?? 0))
  return most ?? null
}

function sumUnacked(rows: readonly PartitionFacts[]): number {
  return rows.reduce((sum, row) => sum + (countsUnacked(row.now) ? (row.now.unackedMessages ?? 0) : 0), 0)
}
