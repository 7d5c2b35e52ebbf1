import {brokerRules} from './broker.js'
import type {Finding, Question} from './finding.js'
import {fleetRules} from './fleet.js'
import {messageRules} from './messages.js'
import {subscriptionRules} from './subscription.js'

/** Everything that stands against a migration, or should be known before it. */
export function findingsOf(question: Question, accepted: readonly string[] = []): Finding[] {
  return [...subscriptionRules, ...brokerRules, ...messageRules, ...fleetRules]
    .flatMap((rule) => rule(question) ?? [])
    .map((finding) => ({...finding, isAccepted: finding.isWaivable && accepted.includes(finding.code)}))
}
