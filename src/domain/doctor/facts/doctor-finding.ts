import type {Severity} from '../../../severity.js'

export interface FindingSubject {
  topic: string
  subscription: string
  /** the partitions concerned; empty on a plain topic */
  partitions: number[]
  consumer: {name: string | null; address: string | null} | null
  /** of a Key_Shared subscription */
  slot: number | null
  key: string | null
}

export interface Remedy {
  /** what to type, or to do */
  command: string
  /** what it costs, and whom */
  cost: string
}

export interface DoctorFinding {
  code: string
  /** `error`: something is stuck; `warn`: it soon may be, or works worse than it should; `info`: it waits, and rightly so */
  severity: Severity
  /** one sentence: what is wrong, where, and who causes it */
  message: string
  subject: FindingSubject
  /** as the broker says it */
  evidence: Array<{field: string; value: string}>
  /** ISO 8601; null where it is not known */
  since: string | null
  /** from harmless to harmful */
  remedies: Remedy[]
  /** of Pulsar: issues, and pull requests with the first version that has them */
  links: string[]
}

/** A finding as a rule gives it: what is left out is nobody, nowhere, or not known. */
export type Draft = Pick<DoctorFinding, 'code' | 'evidence' | 'message' | 'remedies' | 'severity'> & {
  readonly partitions?: ReadonlyArray<number | null>
  readonly consumer?: FindingSubject['consumer']
  readonly slot?: number
  readonly key?: string
  readonly sinceMs?: number | null
  readonly links?: readonly string[]
}
