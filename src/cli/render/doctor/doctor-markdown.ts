import type {Diagnosis} from '../../../domain/doctor/diagnose.js'
import type {DoctorFinding, Remedy} from '../../../domain/doctor/facts/doctor-finding.js'
import {codeBlock, codeSpan, markdownTable, markdownText} from '../../output/markdown.js'
import {ageText} from '../ages.js'
import {evidenceText} from '../evidence.js'
import {consumersText, groupedByCause, severityCounts, sinceText, summaryText} from './finding-text.js'

/** A remedy is a command of one of these programs, or a sentence. */
const COMMAND = /^(?:keyshift|pulsar-admin) /
const HEADS = ['Severity', 'Finding', 'Topic', 'Subscription', 'Partitions', 'Since']

/** A diagnosis for a ticket, with times instead of ages where it may be read later. */
export function diagnosisMarkdown(diagnosis: Diagnosis): string {
  const {asOf, brokerVersion, failed, findings} = diagnosis
  const title = findings.length === 0 ? 'no problems found' : severityCounts(findings)
  return [
    `# keyshift doctor: ${title}`,
    markdownText(`${summaryText(diagnosis)}. Pulsar ${brokerVersion}, sampled at ${asOf}.`),
    ...(findings.length === 0
      ? []
      : [
          markdownTable(
            HEADS,
            findings.map((finding) => cellsOf(finding, asOf)),
          ),
        ]),
    ...groupedByCause(findings).flatMap((group) => [
      `## ${group[0].severity}: ${markdownText(group[0].code)}`,
      ...group.flatMap((finding) => detailsOf(finding, asOf)),
    ]),
    ...(failed.length === 0
      ? []
      : ['## Not read', failed.map(({cause, topic}) => `- ${codeSpan(topic)}: ${markdownText(cause)}`).join('\n')]),
  ].join('\n\n')
}

function cellsOf({code, severity, since, subject}: DoctorFinding, asOf: string): string[] {
  return [
    severity,
    codeSpan(code),
    codeSpan(subject.topic),
    codeSpan(subject.subscription),
    subject.partitions.length === 0 ? '-' : subject.partitions.join(', '),
    ageText(asOf, since) ?? '-',
  ]
}

function detailsOf({evidence, links, message, remedies, since, subject}: DoctorFinding, asOf: string): string[] {
  const consumers = consumersText(subject.consumers)
  return [
    `### ${codeSpan(subject.topic)} ${codeSpan(subject.subscription)}`,
    markdownText(message),
    ...(since === null ? [] : [markdownText(sinceText(since, asOf))]),
    ...(consumers === null ? [] : [markdownText(`Cause: ${consumers}`)]),
    ...(evidence.length === 0
      ? []
      : [
          codeBlock(
            evidence.map((one) => evidenceText(one, asOf)),
            'text',
          ),
        ]),
    ...remedies.map(remedyText),
    ...(links.length === 0 ? [] : [`See ${links.map(linkText).join(', ')}`]),
  ]
}

function remedyText({command, cost}: Remedy): string {
  const impact = markdownText(`Impact: ${cost}`)
  return COMMAND.test(command)
    ? `${codeBlock([command], 'sh')}\n\n${impact}`
    : `- ${markdownText(command)}\n- ${impact}`
}

/** `apache/pulsar#24736` with its address. */
function linkText(link: string): string {
  const [, repository, number, rest = ''] = /^([\w.-]+\/[\w.-]+)#(\d+)(.*)$/s.exec(link) ?? []
  if (repository === undefined || number === undefined) return markdownText(link)
  return `[${repository}#${number}](https://github.com/${repository}/issues/${number})${rest === '' ? '' : ` ${markdownText(rest.trim())}`}`
}
