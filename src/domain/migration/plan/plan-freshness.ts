import {canonicalJson} from '../../../digest.js'
import {Conflict} from '../../../errors.js'
import {findingsOf} from '../preflight/preflight-findings.js'
import {planCommand} from '../plan-command.js'
import {type MigrationPlan, typeOf} from './plan.js'
import type {MigrationSnapshot} from '../preflight/preflight-snapshot.js'

/** @throws Conflict E_PLAN_EXPIRED, or E_PLAN_STALE with everything in the cluster that has changed since the plan. */
export function requireUnchangedCluster(plan: MigrationPlan, snapshot: MigrationSnapshot, now: Date): void {
  const accept = plan.findings.filter(({isAccepted}) => isAccepted).map(({code}) => code)
  const next = [planCommand({...plan, accept})]
  if (now.toISOString() > plan.expiresAt) {
    throw new Conflict('E_PLAN_EXPIRED', `the plan expired at ${plan.expiresAt}`, {
      data: {expiresAt: plan.expiresAt},
      next,
    })
  }
  const changes = changesSince(plan, snapshot)
  if (changes.length === 0) return
  const text = changes.map(({field, planned, found}) => `${field} was ${planned}, now ${found}`).join('; ')
  throw new Conflict('E_PLAN_STALE', `the cluster has changed since the plan was made: ${text}`, {
    data: {changes},
    next,
  })
}

interface Change {
  field: string
  planned: string
  found: string
}

function changesSince(plan: MigrationPlan, snapshot: MigrationSnapshot): Change[] {
  const {collected} = snapshot
  const changes: Change[] = []
  const compare = (field: string, planned: unknown, found: unknown): void => {
    if (canonicalJson(planned) !== canonicalJson(found))
      changes.push({field, planned: show(planned), found: show(found)})
  }
  compare('cluster', plan.cluster, snapshot.cluster)
  compare('partitions', plan.partitions, collected.partitionCount)
  compare('type', plan.from, typeOf(snapshot))
  for (const name of ['subscriptionTypesEnabled', 'dispatchRate', 'autoSubscriptionCreation'] as const) {
    compare(name, plan.policies[name], snapshot.policies[name])
  }
  compare('allowedTypes', plan.allowedTypes, snapshot.allowedTypes.toSorted())
  const known = new Set(plan.findings.map(({code}) => code))
  // The keys of the backlog are not sampled again: that can take seconds, and it changes nothing about the consumers.
  const {from, newSubscription, strategy, to} = plan
  const fresh = findingsOf({snapshot, from, to, strategy, newSubscription}).filter(
    ({code, severity}) => severity === 'block' && !known.has(code),
  )
  return [...changes, ...fresh.map(({code, message}) => ({field: code, planned: 'not found', found: message}))]
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
