import type {Diagnosis} from '../../../domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../domain/doctor/facts/doctor-finding.js'
import type {FindingChange} from '../../../domain/doctor/finding-changes.js'
import type {Severity} from '../../../severity.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {counted, durationText} from '../../../wording.js'
import {paint} from '../../output/palette.js'
import {evidenceText} from '../evidence.js'
import {consumersText, groupedByCause, sinceText, summaryText} from './finding-text.js'

const SEVERITY: Readonly<Record<Severity, string>> = {
  error: paint.error('error'),
  warn: paint.warn('warn'),
  info: paint.secondary('info'),
}
const EVIDENCE_SHOWN = 6
/** The report of a live cluster is younger. The age of an older one shows that it was read from a snapshot file. */
const LIVE_MS = 60_000

/** @param nowMs the time of the reader, epoch ms */
export function renderDiagnosis(diagnosis: Diagnosis, nowMs: number): string {
  const {asOf, brokerVersion, findings} = diagnosis
  const ageMs = nowMs - Date.parse(asOf)
  const source = `Pulsar ${brokerVersion}${ageMs > LIVE_MS ? `, sampled ${durationText(ageMs)} ago` : ''}`
  const summary = `${summaryText(diagnosis)} (${source}).`
  if (diagnosis.subscriptions === 0) return `${summary}\nnext: ${suggestedCommand('subscriptions', 'list')}`
  return [summary, ...groupedByCause(findings).map((group) => renderGroup(group, asOf))].join('\n\n')
}

/** The diagnosis of the latest round on a terminal. */
export function renderRound(diagnosis: Diagnosis, warnings: readonly string[], everyMs: number): string {
  return [
    renderDiagnosis(diagnosis, Date.parse(diagnosis.asOf)),
    ...warnings.map((warning) => `${paint.warn('Warning:')} ${warning}`),
    paint.secondary(`Checked at ${diagnosis.asOf}; next check in ${durationText(everyMs)}. Press Ctrl-C to stop.`),
  ].join('\n\n')
}

/** `2026-01-02T03:04:05.000Z appeared error no-consumers TOPIC SUB: message`. */
export function changeLine({change, finding}: FindingChange, asOf: string): string {
  const {code, message, severity, subject} = finding
  return `${asOf} ${change} ${severity} ${code} ${subject.topic} ${subject.subscription}: ${message}`
}

function renderGroup(group: readonly [DoctorFinding, ...DoctorFinding[]], asOf: string): string {
  const [{code, severity}] = group
  const head = `${SEVERITY[severity]} ${paint.strong(code)}`
  if (group.length === 1) return [`${head}  ${placeText(group[0])}`, ...findingLines(group[0], asOf)].join('\n')
  const links = [...new Set(group.flatMap((finding) => finding.links))]
  return [
    `${head}  ${counted(group.length, 'finding')}`,
    ...group.flatMap((finding) => [
      `  ${placeText(finding)}`,
      ...findingLines({...finding, links: []}, asOf).map((line) => `  ${line}`),
    ]),
    ...linkLines(links),
  ].join('\n')
}

function placeText({subject}: DoctorFinding): string {
  return `${subject.topic} ${subject.subscription}`
}

function findingLines({evidence, links, message, remedies, since, subject}: DoctorFinding, asOf: string): string[] {
  const shown = evidence.slice(0, EVIDENCE_SHOWN)
  const more = evidence.length - shown.length
  const consumers = consumersText(subject.consumers)
  return [
    `  ${message}`,
    ...(since === null ? [] : [`  ${sinceText(since, asOf)}`]),
    ...(consumers === null ? [] : [`  Cause: ${consumers}`]),
    ...shown.map((one) => `    ${evidenceText(one, asOf)}`),
    ...(more > 0 ? [`    and ${counted(more, 'more value')}; --json shows all`] : []),
    ...remedies.map(
      ({command, cost}, at) => `  ${at === 0 ? 'try' : 'or '} ${command}   ${paint.secondary(`Impact: ${cost}`)}`,
    ),
    ...linkLines(links),
  ]
}

function linkLines(links: readonly string[]): string[] {
  return links.length === 0 ? [] : [`  see ${links.join(', ')}`]
}
