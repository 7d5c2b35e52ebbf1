import type {Diagnosis} from '../../../domain/doctor/diagnose.js'
import type {DoctorFinding, FindingConsumer} from '../../../domain/doctor/facts/doctor-finding.js'
import type {Severity} from '../../../severity.js'
import {counted, numberText} from '../../../wording.js'
import {ageText} from '../ages.js'

const CONSUMERS_NAMED = 3

/** What was checked and what was found, in one line without the broker and the time. */
export function summaryText({failed, findings, ignoredFindings, subscriptions}: Diagnosis): string {
  const found = findings.length === 0 ? 'no problems found in the statistics' : severityCounts(findings)
  return [
    subscriptions === 0 ? 'No subscriptions to check' : `Checked ${counted(subscriptions, 'subscription')}: ${found}`,
    ...(failed.length === 0 ? [] : [`${counted(failed.length, 'topic')} not read`]),
    ...(ignoredFindings === 0 ? [] : [`${counted(ignoredFindings, 'finding')} ignored`]),
  ].join('; ')
}

/** `1 error, 2 warnings`, without severities that no finding has. */
export function severityCounts(findings: readonly DoctorFinding[]): string {
  const countOf = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  const [errors, warnings, infos] = [countOf('error'), countOf('warn'), countOf('info')]
  return [
    ...(errors === 0 ? [] : [counted(errors, 'error')]),
    ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
    ...(infos === 0 ? [] : [`${numberText(infos)} info`]),
  ].join(', ')
}

/** Findings of one cause, in the order of the diagnosis: the worst first. */
export function groupedByCause(
  findings: readonly DoctorFinding[],
): Array<readonly [DoctorFinding, ...DoctorFinding[]]> {
  const groups = new Map<string, [DoctorFinding, ...DoctorFinding[]]>()
  for (const finding of findings) {
    const cause = `${finding.severity} ${finding.code}`
    const group = groups.get(cause)
    if (group) group.push(finding)
    else groups.set(cause, [finding])
  }
  return [...groups.values()]
}

/** `Since 2026-01-02T03:00:00.000Z, 4 min ago`: when the backlog or the consumer that is the cause last moved. */
export function sinceText(since: string, asOf: string): string {
  return `Since ${since}, ${ageText(asOf, since) ?? ''}`
}

/** The consumers that are the cause, if there are several; of many, their number and the first names. */
export function consumersText(consumers: readonly FindingConsumer[]): string | null {
  if (consumers.length < 2) return null
  const names = consumers.slice(0, CONSUMERS_NAMED).map(({address, name}) => name ?? address ?? 'without a name')
  return consumers.length > CONSUMERS_NAMED
    ? `${counted(consumers.length, 'consumer')}, including ${names.join(', ')}`
    : `consumers ${names.join(', ')}`
}
