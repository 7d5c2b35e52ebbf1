import type {Diagnosis} from './diagnose.js'
import type {DoctorFinding} from './facts/doctor-finding.js'

/** A finding that one diagnosis has and the one before it does not have, or the reverse. */
export interface FindingChange {
  readonly change: 'appeared' | 'resolved'
  readonly finding: DoctorFinding
}

/** What changes from one diagnosis to the next. */
export class FindingChanges {
  private known: ReadonlyMap<string, DoctorFinding> = new Map()

  /**
   * The changes since the previous diagnosis; of the first one, every finding has appeared. A finding of a subscription
   * that could not be read is kept, because it is unknown whether it is resolved.
   */
  next({checked, complete, findings}: Diagnosis): FindingChange[] {
    const wasRead = new Set(checked.map((one) => placeOf(one)))
    const now = new Map(findings.map((finding) => [identityOf(finding), finding]))
    const missing = [...this.known].filter(([identity]) => !now.has(identity))
    const isGone = ({subject}: DoctorFinding): boolean => complete || wasRead.has(placeOf(subject))
    const resolved = missing.flatMap(([, finding]) => (isGone(finding) ? [finding] : []))
    const appeared = [...now].flatMap(([identity, finding]) => (this.known.has(identity) ? [] : [finding]))
    this.known = new Map([...now, ...missing.filter(([, finding]) => !isGone(finding))])
    return [
      ...appeared.map((finding) => ({change: 'appeared' as const, finding})),
      ...resolved.map((finding) => ({change: 'resolved' as const, finding})),
    ]
  }
}

/**
 * What makes two findings of different diagnoses the same one. Partitions, slots and numbers change in every round, and
 * a line for each would hide what is new.
 */
function identityOf({code, severity, subject}: DoctorFinding): string {
  const {consumers, key} = subject
  const names = consumers.map(({address, name}) => name ?? address).toSorted()
  return JSON.stringify([code, severity, placeOf(subject), key, names])
}

function placeOf({subscription, topic}: {readonly subscription: string; readonly topic: string}): string {
  return JSON.stringify([topic, subscription])
}
