import {canonicalJson, sha256} from '../../clients/journal/journal.js'
import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'
import {Blocked} from '../../errors.js'
import {commonType} from '../subscriptions/inspect.js'
import {type Finding, findingsOf} from './findings.js'
import type {MigrationSnapshot, TopicPolicies} from './snapshot.js'

export interface PlannedStep {
  id: StepId
  /** what it changes, for a person */
  title: string
}

const STEP_IDS = ['fence', 'pause', 'drain', 'evict', 'attach', 'resume'] as const
export type StepId = (typeof STEP_IDS)[number]

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
  from: 'Shared'
  to: 'Key_Shared'
  strategy: 'in-place'
  consumersSeen: string[]
  expectConsumers: number | null
  policies: TopicPolicies
  /** what the fence will allow at a new subscribe */
  fencedTypes: SubscriptionType[]
  findings: Finding[]
  steps: PlannedStep[]
  /** SHA-256 over everything above */
  digest: string
}

export interface PlanRequest {
  readonly to: 'Key_Shared'
  readonly strategy: 'in-place'
  readonly accept: readonly string[]
  readonly expectConsumers: number | null
  readonly validForMs: number
}

const TITLES: Record<StepId, string> = {
  fence: 'forbid new Shared consumers on the topic (subscriptionTypesEnabled)',
  pause: 'hold delivery to this subscription (its dispatch rate, 1 message a year)',
  drain: 'wait until every delivered message is acknowledged, on every partition',
  evict: 'disconnect the Shared consumers (reset the cursor to where it stands)',
  attach: 'wait until every partition has a Key_Shared consumer',
  resume: 'let delivery run (give back the dispatch rate found)',
}

/**
 * Makes the plan: a pure function of what was seen.
 *
 * @throws Blocked E_NOTHING_TO_DO when the subscription is Key_Shared already; E_PLAN_BLOCKED with the findings that
 *   forbid it and how to accept those that can be.
 */
export function planMigration(snapshot: MigrationSnapshot, request: PlanRequest, now: Date): MigrationPlan {
  const {collected} = snapshot
  requireOtherType(snapshot, request)
  const findings = findingsOf(snapshot).map((finding) => ({
    ...finding,
    isAccepted: finding.isWaivable && request.accept.includes(finding.code),
  }))
  const blocking = findings.filter(({isAccepted, severity}) => severity === 'block' && !isAccepted)
  if (blocking.length > 0) throw planBlocked(snapshot, blocking)
  const body: Omit<MigrationPlan, 'digest'> = {
    format: 'keyshift.plan/v1',
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + request.validForMs).toISOString(),
    cluster: snapshot.cluster,
    brokerVersion: snapshot.brokerVersion,
    topic: collected.topic.full,
    partitions: collected.partitionCount,
    subscription: collected.subscription,
    from: 'Shared',
    to: request.to,
    strategy: request.strategy,
    consumersSeen: consumerNames(snapshot),
    expectConsumers: request.expectConsumers,
    policies: snapshot.policies,
    fencedTypes: fencedTypes(snapshot.allowedTypes),
    findings,
    steps: STEP_IDS.map((id) => ({id, title: TITLES[id]})),
  }
  return {...body, digest: digestOf(body)}
}

/** SHA-256 over the plan without its digest, the same however the JSON is laid out. */
export function digestOf(plan: Omit<MigrationPlan, 'digest'>): string {
  return sha256(canonicalJson({...plan, digest: undefined}))
}

/**
 * What may still subscribe behind the fence: all that was allowed, without Shared. Exclusive and Failover stay, for
 * readers subscribe as Exclusive and would break.
 */
function fencedTypes(allowed: readonly SubscriptionType[]): SubscriptionType[] {
  return allowed.filter((type) => type !== 'Shared').toSorted()
}

function consumerNames({collected}: MigrationSnapshot): string[] {
  const names = collected.partitions.flatMap(({subscription}) =>
    (subscription.consumers ?? []).map(({consumerName}) => consumerName ?? ''),
  )
  return [...new Set(names)].toSorted()
}

function requireOtherType({collected}: MigrationSnapshot, {to}: PlanRequest): void {
  const types = collected.partitions.map(({subscription}) => subscription.type ?? 'None')
  if (commonType(types) !== to) return
  const {subscription, topic} = collected
  throw new Blocked('E_NOTHING_TO_DO', `${topic.full} ${subscription} is ${to} already; there is nothing to migrate`, {
    data: {topic: topic.full, subscription, type: to},
    next: [`keyshift keys ranges ${topic.full} ${subscription}`],
  })
}

function planBlocked({collected}: MigrationSnapshot, blocking: readonly Finding[]): Blocked {
  const {subscription, topic} = collected
  const waivable = blocking.filter(({isWaivable}) => isWaivable).map(({code}) => `--accept ${code}`)
  const command = `keyshift migrate plan ${topic.full} ${subscription} --to Key_Shared`
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
