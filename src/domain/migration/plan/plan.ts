import {digestOf} from '../../../digest.js'
import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Blocked, Usage} from '../../../errors.js'
import type {PreflightFinding} from '../preflight/preflight-finding.js'
import {canPause} from '../preflight/broker-findings.js'
import {findingsOf} from '../preflight/preflight-findings.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
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
  findings: PreflightFinding[]
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
export interface PlanOptions extends Omit<PlanRequest, 'strategy'> {
  readonly strategy: Strategy | null
}

/**
 * Chooses what was left open: where delivery can't be held, to stop the one fleet and start the other; from Failover a new
 * subscription, for its consumers can't be disconnected without making the old one anew; otherwise the same one.
 *
 * @throws Usage E_USAGE when a name for a new subscription is given to a migration in place.
 */
export function completeRequest(snapshot: MigrationSnapshot, options: PlanOptions): PlanRequest {
  const strategy = options.strategy ?? strategyFor(snapshot)
  if (strategy !== 'blue-green') {
    if (options.newSubscription !== null) {
      throw new Usage('E_USAGE', `--new-subscription is for --strategy blue-green; with ${strategy} there is none`)
    }
    return {...options, strategy}
  }
  const suffix = options.to.toLowerCase().replace('_', '-')
  return {
    ...options,
    strategy,
    newSubscription: options.newSubscription ?? `${snapshot.collected.subscription}-${suffix}`,
  }
}

function strategyFor(snapshot: MigrationSnapshot): Strategy {
  if (!canPause(snapshot)) return 'stop-start'
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
  const waitsForConsumers = mayDeliverTwiceOnJoin(snapshot.brokerVersion, to)
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
    steps: stepsOf(strategy, 'forward', waitsForConsumers).map((id) => ({
      id,
      title: titleOf(id, from, request, waitsForConsumers),
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

function titleOf(
  id: StepId,
  from: MigratableType,
  {newSubscription, to}: PlanRequest,
  waitsForConsumers: boolean,
): string {
  const titles: Record<StepId, string> = {
    'restrict-types': `forbid ${from} and ${to} consumers to subscribe on the topic (subscriptionTypesEnabled)`,
    'block-auto-create': `forbid subscriptions to come into being by themselves on the topic (autoSubscriptionCreation)`,
    pause: 'hold delivery to this subscription (its dispatch rate, 1 message a year)',
    drain: 'wait until every delivered message is acknowledged, on every partition',
    disconnect: `disconnect the ${from} consumers without moving the cursor`,
    'switch-type': `${waitsForConsumers ? '' : 'give back the dispatch rate found, and '}let ${to} consumers in`,
    'await-consumers': `wait until the ${to} fleet is there, while delivery is still held`,
    'pause-new': `hold delivery to ${newSubscription ?? ''} before it is made, so that its fleet can gather`,
    resume: 'give back the dispatch rate found',
    'create-new': `make ${newSubscription ?? ''}, which nobody may subscribe to yet`,
    'switch-subscription': `place ${newSubscription ?? ''} where the old subscription stands, delete that, on every partition, and let ${to} consumers in (gives back subscriptionTypesEnabled and dispatch rate)`,
    'verify-delivery': `wait until every partition has a ${to} consumer and delivers`,
    'record-positions': 'write down where each partition stands',
    'await-stop': `wait until you, or the hook stop-old, have stopped every ${from} consumer`,
    'restore-types': 'give back the subscriptionTypesEnabled found',
  }
  return titles[id]
}

/** Measured on local brokers under 1,000 messages a second; the consumers' own work comes on top. */
const GAP_MS: Readonly<Record<Strategy, Record<'withoutAwait' | 'withAwait', Expectation['gapMs']>>> = {
  'stop-start': {withoutAwait: null, withAwait: null},
  'in-place': {withoutAwait: {low: 200, high: 650}, withAwait: {low: 300, high: 1500}},
  'blue-green': {withoutAwait: {low: 150, high: 450}, withAwait: {low: 300, high: 1500}},
}

function expectationOf(
  {broker, brokerVersion, collected}: MigrationSnapshot,
  {strategy, to}: PlanRequest,
): Expectation {
  const unattended = collected.partitions.filter(({subscription}) => (subscription.consumers ?? []).length === 0)
  return {
    gapMs: GAP_MS[strategy][mayDeliverTwiceOnJoin(brokerVersion, to) ? 'withAwait' : 'withoutAwait'],
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
  blocking: readonly PreflightFinding[],
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
