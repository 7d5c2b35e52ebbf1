import {planCommand} from '../plan-command.js'
import type {MigratableType, Strategy} from '../strategy.js'
import type {MigrationSnapshot} from './preflight-snapshot.js'

export interface PreflightFinding {
  code: string
  severity: 'block' | 'info' | 'warn'
  message: string
  evidence: Array<{field: string; value: string}>
  /** commands that show more, or that resolve it */
  next: string[]
  /** whether `--accept CODE` turns a blocking finding into an accepted one */
  isWaivable: boolean
  isAccepted: boolean
}

export type Draft = Pick<PreflightFinding, 'code' | 'evidence' | 'message'> & Partial<Pick<PreflightFinding, 'next'>>

/** The cluster as it was found, and the requested migration. */
export interface PreflightInput {
  readonly snapshot: MigrationSnapshot
  /** null when the partitions have several types, or one that cannot be migrated */
  readonly from: MigratableType | null
  readonly to: MigratableType
  readonly strategy: Strategy
  /** null unless the strategy is blue-green */
  readonly newSubscription: string | null
}

/** Checks one condition; null when it does not apply. */
export type Rule = (input: PreflightInput) => PreflightFinding | null

/** Blocks the migration; the operator cannot accept it. */
export function blocks(draft: Draft): PreflightFinding {
  return finding('block', draft)
}

/** Blocks the migration until the operator accepts the finding by its code. */
export function blocksUnlessAccepted(draft: Draft): PreflightFinding {
  return {...finding('block', draft), isWaivable: true}
}

export function warns(draft: Draft): PreflightFinding {
  return finding('warn', draft)
}

/** Does not affect the migration, but the operator should know it. */
export function informs(draft: Draft): PreflightFinding {
  return finding('info', draft)
}

function finding(severity: PreflightFinding['severity'], draft: Draft): PreflightFinding {
  return {next: [], ...draft, severity, isWaivable: false, isAccepted: false}
}

/** The same field with several values. */
export function each(field: string, values: readonly string[]): Draft['evidence'] {
  return values.map((value) => ({field, value}))
}

/** The command that plans the same migration with another strategy. */
export function planWith(strategy: Strategy, {snapshot: {collected}, to}: PreflightInput): string {
  const {subscription, topic} = collected
  const rest = {newSubscription: null, expectConsumers: null, accept: []}
  return planCommand({topic: topic.full, subscription, to, strategy, ...rest})
}
