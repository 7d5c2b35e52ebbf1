import {brokerRules} from './broker-findings.js'
import type {Finding, Question} from './preflight-finding.js'
import {fleetRules} from './consumer-findings.js'
import {messageRules} from './message-findings.js'
import {subscriptionRules} from './subscription-findings.js'

/** Everything that stands against a migration, or should be known before it. */
export function findingsOf(question: Question, accepted: readonly string[] = []): Finding[] {
  return [...subscriptionRules, ...brokerRules, ...messageRules, ...fleetRules]
    .flatMap((rule) => rule(question) ?? [])
    .map((finding) => ({...finding, isAccepted: finding.isWaivable && accepted.includes(finding.code)}))
}
