// cspell:ignore apos
import type {Diagnosis} from '../../../domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../domain/doctor/facts/doctor-finding.js'
import {printable} from '../../../printable.js'
import {isAtLeast, type Severity} from '../../../severity.js'
import {evidenceText} from '../evidence.js'
import {sinceText} from './finding-text.js'

const SUITE = 'keyshift doctor'

/**
 * A diagnosis as a test report for a CI system: each subscription is a test case, and so is each topic that could not be
 * read.
 *
 * @param level a finding of this severity or above is a failure; the others are the output of the test case
 */
export function diagnosisJunit({asOf, checked, failed, findings}: Diagnosis, level: Severity): string {
  const isFailure = ({severity}: DoctorFinding): boolean => isAtLeast(severity, level)
  const bySubscription = Map.groupBy(findings, ({subject}) => placeOf(subject))
  const cases = checked.map((place) => {
    const own = bySubscription.get(placeOf(place)) ?? []
    return {place, failures: own.filter(isFailure), others: own.filter((finding) => !isFailure(finding))}
  })
  const totals = attributes({
    tests: String(cases.length + failed.length),
    failures: String(cases.filter(({failures}) => failures.length > 0).length),
    errors: String(failed.length),
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({name: SUITE})}${totals}>`,
    `  <testsuite${attributes({name: SUITE})}${totals}${attributes({timestamp: asOf.replace(/\.\d+Z$/, '')})}>`,
    ...cases.flatMap(({failures, others, place: {subscription, topic}}) => [
      `    <testcase${attributes({classname: topic, name: subscription})}>`,
      ...failures.map((finding) => failureText(finding, asOf)),
      ...(others.length === 0
        ? []
        : [`      <system-out>${others.map((one) => escaped(detailsOf(one, asOf))).join('\n')}</system-out>`]),
      '    </testcase>',
    ]),
    ...failed.flatMap(({cause, topic}) => [
      `    <testcase${attributes({classname: topic, name: 'not read'})}>`,
      `      <error${attributes({type: 'not-read', message: cause})}/>`,
      '    </testcase>',
    ]),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}

function failureText(finding: DoctorFinding, asOf: string): string {
  const head = attributes({type: finding.code, message: finding.message})
  return `      <failure${head}>${escaped(detailsOf(finding, asOf))}</failure>`
}

/** What people read in the report of a test; its lines have no indentation. */
function detailsOf({code, evidence, message, remedies, severity, since}: DoctorFinding, asOf: string): string {
  return [
    `${severity} ${code}: ${message}`,
    ...(since === null ? [] : [sinceText(since, asOf)]),
    ...evidence.map((one) => evidenceText(one, asOf)),
    ...remedies.map(({command, cost}) => `${command}   Impact: ${cost}`),
  ]
    .map(printable)
    .join('\n')
}

function placeOf({subscription, topic}: {readonly subscription: string; readonly topic: string}): string {
  return JSON.stringify([topic, subscription])
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(printable(value))}"`)
    .join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** XML has no way to write U+FFFE and U+FFFF; control characters are escaped by then. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (found) => ENTITIES[found] ?? '')
    .replaceAll(/[\ufffe\uffff]/g, (found) => `\\u${found.charCodeAt(0).toString(16)}`)
}
