import type {Diagnosis} from '../../domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../domain/doctor/facts/doctor-finding.js'
import type {Severity} from '../../severity.js'
import {suggestedCommand} from '../../suggested-command.js'
import {paint} from '../output/palette.js'

const SEVERITY: Readonly<Record<Severity, string>> = {
  error: paint.error('error'),
  warn: paint.warn('warn'),
  info: paint.secondary('info'),
}
const EVIDENCE_SHOWN = 6

export function renderDiagnosis({asOf, brokerVersion, findings, subscriptions}: Diagnosis): string {
  const head = `${String(subscriptions)} subscriptions looked at on Pulsar ${brokerVersion}, ${asOf}`
  if (subscriptions === 0)
    return `${head}: none is there, so nothing was found\nnext: ${suggestedCommand('subscriptions', 'list')}`
  if (findings.length === 0) return `${head}: nothing is wrong that the statistics show`
  return [head, ...findings.map(renderFinding)].join('\n\n')
}

function renderFinding({code, evidence, links, message, remedies, severity, since, subject}: DoctorFinding): string {
  const shown = evidence.slice(0, EVIDENCE_SHOWN)
  const more = evidence.length - shown.length
  return [
    `${SEVERITY[severity]} ${paint.strong(code)}  ${subject.topic} ${subject.subscription}`,
    `  ${message}${since === null ? '' : `, since ${since}`}`,
    ...shown.map(({field, value}) => `    ${field} = ${value}`),
    ...(more > 0 ? [`    and ${String(more)} more; --json shows all`] : []),
    ...remedies.map(
      ({command, cost}, at) => `  ${at === 0 ? 'try' : 'or '} ${command}   ${paint.secondary(`costs: ${cost}`)}`,
    ),
    ...(links.length > 0 ? [`  see ${links.join(', ')}`] : []),
  ].join('\n')
}
