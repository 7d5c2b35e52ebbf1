import {digestOf} from '../../../digest.js'
import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Blocked, Usage} from '../../../errors.js'
import type {Finding} from '../preflight/preflight-finding.js'
import {canHold} from '../preflight/broker-findings.js'
import {findingsOf} from '../preflight/preflight-findings.js'
import {joinsTwice} from '../double-delivery.js'
import type {MigrationSnapshot, TopicPolicies} from '../preflight/preflight-snapshot.js'
import {MIGRATABLE, type MigratableType, type StepId, stepsOf, type Strategy} from '../strategy.js'

export interface PlannedStep {
  id: StepId
  /** what it changes, for a person */
  title: string
}

/** What the plan expects of the run, on what it knows beforehand. */
export interface Expectation {
  /** how long delivery is held beside the consumers' own work, in ms; null where it is as long as the fleets take */
  gapMs: {low: number; high: number} | null
  /** the part of it that the broker adds for a new Failover subscription; null where its setting is not known */
  failoverDelayMs: number | null
  /** messages that the new fleet gets again, because nobody is there, or held, to acknowledge them; null when unknown */
  redeliveredMessages: number | null
}

/** A plan binds what was seen to what will be done; `apply` refuses when the world no longer looks like this. */
export interface MigrationPlan {
  format: 'keyshift.plan/v1'
  createdAt: string
  expiresAt: string
  cluster: string
  brokerVersion: string
  topic: string
  /** null on a plain topic */
  partitions: number | null
  subscription: string
  /** the subscription that a blue-green migration makes; null in place */
  newSubscription: string | null
  from: MigratableType
  to: MigratableType
  strategy: Strategy
  consumersSeen: string[]
  expectConsumers: number | null
  policies: TopicPolicies
  /** the types that may subscribe now, by whatever policy says so */
  allowedTypes: SubscriptionType[]
  findings: Finding[]
  expected: Expectation
  steps: PlannedStep[]
  /** SHA-256 over everything above */
  digest: string
}

export interface PlanRequest {
  readonly to: MigratableType
  readonly strategy: Strategy
  /** null in place */
  readonly newSubscription: string | null
  readonly accept: readonly string[]
  readonly expectConsumers: number | null
  readonly validForMs: number
}

/** What an operator asks for; what is null is chosen. */
export interface Wish extends Omit<PlanRequest, 'strategy'> {
  readonly strategy: Strategy | null
}

/**
 * Chooses what was left open: where delivery can't be held, to stop the one fleet and start the other; from Failover a new
 * subscription, for its consumers can't be disconnected without making the old one anew; otherwise the same one.
 *
 * @throws Usage E_USAGE when a name for a new subscription is given to a migration in place.
 */
export function requestOf(snapshot: MigrationSnapshot, wish: Wish): PlanRequest {
  const strategy = wish.strategy ?? strategyFor(snapshot)
  if (strategy !== 'blue-green') {
    if (wish.newSubscription !== null) {
      throw new Usage('E_USAGE', `--new-subscription is for --strategy blue-green; with ${strategy} there is none`)
    }
    return {...wish, strategy}
  }
  const suffix = wish.to.toLowerCase().replace('_', '-')
  return {...wish, strategy, newSubscription: wish.newSubscription ?? `${snapshot.collected.subscription}-${suffix}`}
}

function strategyFor(snapshot: MigrationSnapshot): Strategy {
  if (!canHold(snapshot)) return 'stop-start'
  return typeOf(snapshot) === 'Failover' ? 'blue-green' : 'in-place'
}

/**
 * Makes the plan: a pure function of what was seen.
 *
 * @throws Blocked E_NOTHING_TO_DO when the subscription is of the wanted type already; E_PLAN_BLOCKED with the findings
 *   that forbid it and how to accept those that can be.
 */
export function planMigration(snapshot: MigrationSnapshot, request: PlanRequest, now: Date): MigrationPlan {
  const {collected} = snapshot
  const from = typeOf(snapshot)
  if (from === request.to) throw nothingToDo(snapshot, request)
  const {newSubscription, strategy, to} = request
  const findings = findingsOf({snapshot, from, to, strategy, newSubscription}, request.accept)
  const blocking = findings.filter(({isAccepted, severity}) => severity === 'block' && !isAccepted)
  if (from === null || blocking.length > 0) throw planBlocked(snapshot, request, blocking)
  const isGathered = joinsTwice(snapshot.brokerVersion, to)
  const body: Omit<MigrationPlan, 'digest'> = {
    format: 'keyshift.plan/v1',
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + request.validForMs).toISOString(),
    cluster: snapshot.cluster,
    brokerVersion: snapshot.brokerVersion,
    topic: collected.topic.full,
    partitions: collected.partitionCount,
    subscription: collected.subscription,
    newSubscription,
    from,
    to,
    strategy,
    consumersSeen: consumerNames(snapshot),
    expectConsumers: request.expectConsumers,
    policies: snapshot.policies,
    allowedTypes: snapshot.allowedTypes.toSorted(),
    findings,
    expected: expectationOf(snapshot, request),
    steps: stepsOf(strategy, 'forward', isGathered).map((id) => ({
      id,
      title: titleOf(id, from, request, isGathered),
    })),
  }
  return {...body, digest: digestOf(body)}
}

/** The one type of all partitions that have one; null when they differ, have none, or it can't be migrated. */
export function typeOf({collected}: Pick<MigrationSnapshot, 'collected'>): MigratableType | null {
  const types = new Set(collected.partitions.map(({subscription}) => subscription.type ?? 'None'))
  types.delete('None')
  const [type] = types
  return types.size === 1 ? (MIGRATABLE.find((known) => known === type) ?? null) : null
}

function titleOf(id: StepId, from: MigratableType, {newSubscription, to}: PlanRequest, isGathered: boolean): string {
  const titles: Record<StepId, string> = {
    fence: `forbid ${from} and ${to} consumers to subscribe on the topic (subscriptionTypesEnabled)`,
    door: `forbid subscriptions to come into being by themselves on the topic (autoSubscriptionCreation)`,
    pause: 'hold delivery to this subscription (its dispatch rate, 1 message a year)',
    drain: 'wait until every delivered message is acknowledged, on every partition',
    evict: `disconnect the ${from} consumers without moving the cursor`,
    admit: `${isGathered ? '' : 'give back the dispatch rate found, and '}let ${to} consumers in`,
    gather: `wait until the ${to} fleet is there, while delivery is still held`,
    prehold: `hold delivery to ${newSubscription ?? ''} before it is made, so that its fleet can gather`,
    release: 'give back the dispatch rate found',
    reserve: `make ${newSubscription ?? ''}, which nobody may subscribe to yet`,
    replace: `place ${newSubscription ?? ''} where the old subscription stands, delete that, on every partition, and let ${to} consumers in (gives back subscriptionTypesEnabled and dispatch rate)`,
    attach: `wait until every partition has a ${to} consumer and delivers`,
    mark: 'write down where each partition stands',
    leave: `wait until you, or the hook stop-old, have stopped every ${from} consumer`,
    restore: 'give back the subscriptionTypesEnabled found',
  }
  return titles[id]
}

/** Measured on local brokers under 1,000 messages a second; the consumers' own work comes on top. */
const GAP_MS: Readonly<Record<Strategy, Record<'atOnce' | 'gathered', Expectation['gapMs']>>> = {
  'stop-start': {atOnce: null, gathered: null},
  'in-place': {atOnce: {low: 200, high: 650}, gathered: {low: 300, high: 1500}},
  'blue-green': {atOnce: {low: 150, high: 450}, gathered: {low: 300, high: 1500}},
}

function expectationOf(
  {broker, brokerVersion, collected}: MigrationSnapshot,
  {strategy, to}: PlanRequest,
): Expectation {
  const unattended = collected.partitions.filter(({subscription}) => (subscription.consumers ?? []).length === 0)
  return {
    gapMs: GAP_MS[strategy][joinsTwice(brokerVersion, to) ? 'gathered' : 'atOnce'],
    failoverDelayMs: to === 'Failover' ? broker.failoverDelayMs : 0,
    redeliveredMessages: unattended.length === 0 && strategy !== 'stop-start' ? 0 : null,
  }
}

function consumerNames({collected}: MigrationSnapshot): string[] {
  const names = collected.partitions.flatMap(({subscription}) =>
    (subscription.consumers ?? []).map(({consumerName}) => consumerName ?? ''),
  )
  return [...new Set(names)].toSorted()
}

function nothingToDo({collected}: MigrationSnapshot, {to}: PlanRequest): Blocked {
  const {subscription, topic} = collected
  return new Blocked('E_NOTHING_TO_DO', `${topic.full} ${subscription} is ${to} already; there is nothing to migrate`, {
    data: {topic: topic.full, subscription, type: to},
    next: [`keyshift subscriptions inspect ${topic.full} ${subscription}`],
  })
}

function planBlocked(
  {collected}: MigrationSnapshot,
  {newSubscription, strategy, to}: PlanRequest,
  blocking: readonly Finding[],
): Blocked {
  const {subscription, topic} = collected
  const waivable = blocking.filter(({isWaivable}) => isWaivable).map(({code}) => `--accept ${code}`)
  const target = newSubscription === null ? '' : ` --new-subscription ${newSubscription}`
  const command = `keyshift migrate plan ${topic.full} ${subscription} --to ${to} --strategy ${strategy}${target}`
  return new Blocked(
    'E_PLAN_BLOCKED',
    `${topic.full} ${subscription} can't be migrated as it is: ${blocking.map(({message}) => message).join('; ')}`,
    {
      data: {topic: topic.full, subscription, findings: blocking},
      next: [
        `keyshift subscriptions inspect ${topic.full} ${subscription}`,
        ...(waivable.length === blocking.length ? [`${command} ${waivable.join(' ')}`] : []),
      ],
    },
  )
}
