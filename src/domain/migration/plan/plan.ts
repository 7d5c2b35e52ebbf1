import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Usage} from '../../../errors.js'
import type {PreflightFinding} from '../preflight/preflight-finding.js'
import {canPause} from '../preflight/broker-findings.js'
import type {MigrationSnapshot, TopicPolicies} from '../preflight/preflight-snapshot.js'
import {MIGRATABLE, type MigratableType, type StepId, type Strategy} from '../strategy.js'

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

/** The type of all partitions; null when partitions differ, none has a type yet, or the type cannot be migrated. */
export function typeOf({collected}: Pick<MigrationSnapshot, 'collected'>): MigratableType | null {
  const types = new Set(collected.partitions.map(({subscription}) => subscription.type ?? 'None'))
  types.delete('None')
  const [type] = types
  return types.size === 1 ? (MIGRATABLE.find((known) => known === type) ?? null) : null
}
