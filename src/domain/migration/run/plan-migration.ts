import {digestOf} from '../../../digest.js'
import {Blocked} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
import {directionPlanOf, stepsOfDirection} from '../plan/direction.js'
import {type Expectation, type MigrationPlan, type PlanRequest, typeOf} from '../plan/plan.js'
import {planCommand} from '../plan-command.js'
import type {PreflightFinding} from '../preflight/preflight-finding.js'
import {findingsOf} from '../preflight/preflight-findings.js'
import type {MigrationSnapshot} from '../preflight/preflight-snapshot.js'
import type {Strategy} from '../strategy.js'
import {stepOf} from './all-steps.js'

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
  const facts: Omit<MigrationPlan, 'digest' | 'steps'> = {
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
  }
  const direction = directionPlanOf(facts, 'forward')
  const steps = stepsOfDirection(facts, direction).map((id) => ({id, title: stepOf(id).title(direction)}))
  const body = {...facts, steps}
  return {...body, digest: digestOf(body)}
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
