import type {Severity} from '../../../severity.js'
import type {Evidence} from './evidence.js'

export interface FindingConsumer {
  name: string | null
  address: string | null
}

export interface FindingSubject {
  topic: string
  subscription: string
  /** the partitions concerned; empty on a plain topic */
  partitions: number[]
  /** the consumer that is the cause; null if none is, or if there are several */
  consumer: FindingConsumer | null
  /** all consumers that are the cause */
  consumers: FindingConsumer[]
  /** only of a Key_Shared subscription */
  slot: number | null
  key: string | null
}

export interface Remedy {
  /** a command that can be pasted, or a sentence */
  command: string
  /** the impact, also on other clients of the topic, or `none` */
  cost: string
}

export interface DoctorFinding {
  code: string
  /** `error`: something is stuck; `warn`: it may get stuck soon, or works worse than it should; `info`: waiting is expected */
  severity: Severity
  /** what is wrong, on which partitions, which consumer causes it, and the number that shows it */
  message: string
  subject: FindingSubject
  /** fields of the broker's statistics under their own names, and measurements of keyshift */
  evidence: Array<{field: string; value: string}>
  /** when the backlog last moved, or when the consumer that is the cause last did, ISO 8601; null if unknown or not relevant */
  since: string | null
  /** from the least to the most disruptive */
  remedies: Remedy[]
  /** issues of Pulsar, and pull requests with the first version that contains them */
  links: string[]
}

/** What a later rule would report on a partition. `silent-consumers`: consumers that take or acknowledge no messages. */
export type Symptom = 'silent-consumers'

/** A finding as a rule returns it: an omitted field does not apply, or is unknown. */
export type Draft = Pick<DoctorFinding, 'code' | 'message' | 'remedies' | 'severity'> & {
  readonly evidence: Evidence[]
  /** the symptoms that it accounts for on its partitions, so that later rules do not report them; unless it is an `info` */
  readonly explains?: readonly Symptom[]
  readonly partitions?: ReadonlyArray<number | null>
  readonly consumers?: readonly FindingConsumer[]
  readonly slot?: number
  readonly key?: string
  readonly sinceMs?: number | null
  readonly links?: readonly string[]
}
