import type {MigratableType, Strategy} from '../strategy.js'
import type {MigrationSnapshot} from './preflight-snapshot.js'

export interface PreflightFinding {
  code: string
  severity: 'block' | 'info' | 'warn'
  message: string
  evidence: Array<{field: string; value: string}>
  /** whether `--accept CODE` lets a blocking finding pass */
  isWaivable: boolean
  isAccepted: boolean
}

export type Draft = Pick<PreflightFinding, 'code' | 'evidence' | 'message'>

/** What is to be done to what was seen. */
export interface PreflightInput {
  readonly snapshot: MigrationSnapshot
  /** null where the partitions are of several types, or of none that can be migrated */
  readonly from: MigratableType | null
  readonly to: MigratableType
  readonly strategy: Strategy
  /** of a blue-green migration, else null */
  readonly newSubscription: string | null
}

/** Looks for one thing; null when it is not there. */
export type Rule = (input: PreflightInput) => PreflightFinding | null

/** Stands against the migration, whatever the operator says. */
export function blocks(draft: Draft): PreflightFinding {
  return {...draft, severity: 'block', isWaivable: false, isAccepted: false}
}

/** Stands against it until the operator accepts it by name. */
export function blocksUnlessAccepted(draft: Draft): PreflightFinding {
  return {...draft, severity: 'block', isWaivable: true, isAccepted: false}
}

export function warns(draft: Draft): PreflightFinding {
  return {...draft, severity: 'warn', isWaivable: false, isAccepted: false}
}

/** Neither good nor bad, but it should be known. */
export function informs(draft: Draft): PreflightFinding {
  return {...draft, severity: 'info', isWaivable: false, isAccepted: false}
}

/** The same field with several values. */
export function each(field: string, values: readonly string[]): Draft['evidence'] {
  return values.map((value) => ({field, value}))
}
