import {digestOf} from '../../../digest.js'
import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Blocked, Usage} from '../../../errors.js'
import type {PreflightFinding} from '../preflight/preflight-finding.js'
import {canPause} from '../preflight/broker-findings.js'
import {findingsOf} from '../preflight/preflight-findings.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
import type {MigrationSnapshot, TopicPolicies} from '../preflight/preflight-snapshot.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {MIGRATABLE, type MigratableType, type StepId, stepsOf, type Strategy} from '../strategy.js'
import {planCommand} from '../plan-command.js'

export interface PlannedStep {
  id: StepId
  /** what it changes, as the user sees it */
  title: string
}

/** What the plan expects of the run. */
export interface Expectation {
  /** expected delivery pause without the consumers' own work, in ms; null where it depends on how fast the fleets stop and start */
  gapMs: {low: number; high: number} | null
  /** the part of it that the broker adds for a new Failover subscription; null where its setting is unknown */
  failoverDelayMs: number | null
  /** delivered messages that the new consumers receive again, because no old consumer can ack them; null when unknown */
  redeliveredMessages: number | null
}

/** A plan binds what was found in the cluster to the steps; `apply` refuses it when the cluster has changed. */
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
  /** the subscription that a blue-green migration creates; null otherwise */
  newSubscription: string | null
  from: MigratableType
  to: MigratableType
  strategy: Strategy
  consumersSeen: string[]
  expectConsumers: number | null
  policies: TopicPolicies
  /** the types that may subscribe now, by the policy of the topic, the namespace or the broker */
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
  /** null unless the strategy is blue-green */
  readonly newSubscription: string | null
  readonly accept: readonly string[]
  readonly expectConsumers: number | null
  readonly validForMs: number
}

/** What the operator requests; a strategy of null is chosen from the snapshot. */
export interface PlanOptions extends Omit<PlanRequest, 'strategy'> {
  readonly strategy: Strategy | null
}

/**
 * Fills in what the operator left open. Where delivery cannot be paused, the strategy is stop-start. From Failover it is
 * blue-green, because Failover consumers cannot be disconnected without creating their subscription again. Otherwise it is
 * in-place.
 *
 * @throws Usage E_USAGE when a name for a new subscription is given with another strategy than blue-green.
 */
export function completeRequest(snapshot: MigrationSnapshot, options: PlanOptions): PlanRequest {
  const strategy = options.strategy ?? strategyFor(snapshot)
  if (strategy !== 'blue-green') {
    if (options.newSubscription !== null) {
      throw new Usage('E_USAGE', `--new-subscription requires --strategy blue-green; the strategy is ${strategy}`)
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
 * Makes the plan from a snapshot, without I/O.
 *
 * @throws Blocked E_NOTHING_TO_DO when the subscription already has the requested type; E_PLAN_BLOCKED with the findings
 *   that block it and the command that accepts those that can be accepted.
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

/** The type of all partitions; null when partitions differ, none has a type yet, or the type cannot be migrated. */
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
    'restrict-types': `block ${from} and ${to} consumers from subscribing to the topic (subscriptionTypesEnabled)`,
    'block-auto-create': 'disable automatic subscription creation on the topic (autoSubscriptionCreation)',
    pause: 'pause delivery (set the subscription dispatch rate to 1 message/year)',
    drain: 'wait until every delivered message is acked, on every partition',
    disconnect: `disconnect the ${from} consumers without moving the cursor`,
    'switch-type': `${waitsForConsumers ? '' : 'restore the original dispatch rate and '}allow ${to} consumers`,
    'await-consumers': `wait until the ${to} consumers are connected, while delivery is still paused`,
    'pause-new': `pause delivery to ${newSubscription ?? ''} before it is created, so that all its consumers can connect first`,
    resume: 'restore the original dispatch rate',
    'create-new': `create ${newSubscription ?? ''}, still blocked for all consumers`,
    'switch-subscription': `on every partition: move ${newSubscription ?? ''} to the position of the old subscription, delete the old one, allow ${to} consumers, restore policies (subscriptionTypesEnabled, dispatch rate)`,
    'verify-delivery': `wait until every partition has a ${to} consumer and delivers`,
    'record-positions': 'record the position of each partition',
    'await-stop': `wait until every ${from} consumer is stopped, by you or by the hook stop-old`,
    'restore-types': 'restore the original subscriptionTypesEnabled',
  }
  return titles[id]
}

/** Measured on local brokers at 1,000 messages per second; the time that consumers need to ack is added to it. */
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
  return new Blocked('E_NOTHING_TO_DO', `${subscription} on ${topic.full} is already ${to}`, {
    data: {topic: topic.full, subscription, type: to},
    next: [suggestedCommand('subscriptions', 'inspect', topic.full, subscription)],
  })
}

function planBlocked(
  {collected}: MigrationSnapshot,
  request: PlanRequest,
  blocking: readonly PreflightFinding[],
): Blocked {
  const {subscription, topic} = collected
  const waivable = blocking.filter(({isWaivable}) => isWaivable).map(({code}) => code)
  const accept = [...request.accept, ...waivable]
  return new Blocked(
    'E_PLAN_BLOCKED',
    `${subscription} on ${topic.full} cannot be migrated: ${blocking.map(({code, message}) => `${message} (${code})`).join('; ')}`,
    {
      data: {topic: topic.full, subscription, findings: blocking},
      next: [
        suggestedCommand('subscriptions', 'inspect', topic.full, subscription),
        ...blocking.flatMap(({next}) => next),
        ...(waivable.length === blocking.length
          ? [planCommand({...request, topic: topic.full, subscription, accept})]
          : []),
      ],
    },
  )
}
