import {Usage} from '../../errors.js'
import {nearestNames} from '../../nearest-name.js'
import type {DoctorFinding} from './facts/doctor-finding.js'
import {FINDING_CODES} from '../../finding-codes.js'

/** Findings that an operator knows and does not want to see. */
export interface IgnoredFindings {
  readonly code: string
  /** null: of every subscription */
  readonly subscription: string | null
}

const CODES: ReadonlySet<string> = new Set(FINDING_CODES)

/**
 * Parses `CODE` or `CODE:SUBSCRIPTION`. The name of a subscription may contain a colon, a code does not.
 *
 * @throws Usage E_FINDING_CODE for a code that no finding has, because a misspelled one would ignore nothing.
 */
export function parseIgnored(text: string): IgnoredFindings {
  const colon = text.indexOf(':')
  const code = colon < 0 ? text : text.slice(0, colon)
  if (CODES.has(code)) return {code, subscription: colon < 0 ? null : text.slice(colon + 1)}
  const [nearest = null] = nearestNames(code, FINDING_CODES, 1)
  const hint = nearest === null ? `the codes are ${FINDING_CODES.join(', ')}` : `did you mean ${nearest}?`
  throw new Usage('E_FINDING_CODE', `doctor has no finding ${code}; ${hint}`, {data: {code, nearest}})
}

export function isIgnored({code, subject}: DoctorFinding, ignored: readonly IgnoredFindings[]): boolean {
  return ignored.some(
    (one) => one.code === code && (one.subscription === null || one.subscription === subject.subscription),
  )
}
