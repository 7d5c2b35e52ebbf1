import type {Diagnosis} from '../../domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../domain/doctor/facts/doctor-finding.js'
import type {Severity} from '../../severity.js'
import {suggestedCommand} from '../../suggested-command.js'
import {counted, durationText} from '../../wording.js'
import {paint} from '../output/palette.js'
import {evidenceText} from './evidence.js'

const SEVERITY: Readonly<Record<Severity, string>> = {
  error: paint.error('error'),
  warn: paint.warn('warn'),
  info: paint.secondary('info'),
}
const EVIDENCE_SHOWN = 6

export function renderDiagnosis({asOf, brokerVersion, findings, subscriptions}: Diagnosis): string {
  const source = `Pulsar ${brokerVersion}, ${asOf}`
  const head = `Checked ${counted(subscriptions, 'subscription')}`
  if (subscriptions === 0) {
    return `No subscriptions to check (${source}).\nnext: ${suggestedCommand('subscriptions', 'list')}`
  }
  if (findings.length === 0) return `${head}: no problems found in the statistics (${source}).`
  return [
    `${head}: ${counted(findings.length, 'finding')} (${source}).`,
    ...findings.map((finding) => renderFinding(finding, asOf)),
  ].join('\n\n')
}

function renderFinding(
  {code, evidence, links, message, remedies, severity, since, subject}: DoctorFinding,
  asOf: string,
): string {
  const shown = evidence.slice(0, EVIDENCE_SHOWN)
  const more = evidence.length - shown.length
  return [
    `${SEVERITY[severity]} ${paint.strong(code)}  ${subject.topic} ${subject.subscription}`,
    `  ${message}`,
    ...(since === null
      ? []
      : [`  No acknowledgement for ${durationText(Date.parse(asOf) - Date.parse(since))} (since ${since})`]),
    ...shown.map((one) => `    ${evidenceText(one, asOf)}`),
    ...(more > 0 ? [`    and ${counted(more, 'more value')}; --json shows all`] : []),
    ...remedies.map(
      ({command, cost}, at) => `  ${at === 0 ? 'try' : 'or '} ${command}   ${paint.secondary(`Impact: ${cost}`)}`,
    ),
    ...(links.length > 0 ? [`  see ${links.join(', ')}`] : []),
  ].join('\n')
}
