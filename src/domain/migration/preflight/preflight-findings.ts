import {brokerRules} from './broker-findings.js'
import type {PreflightFinding, PreflightInput} from './preflight-finding.js'
import {consumerRules} from './consumer-findings.js'
import {messageRules} from './message-findings.js'
import {subscriptionRules} from './subscription-findings.js'

/** All findings about a migration: what blocks it, what to be warned of, what to know before it starts. */
export function findingsOf(input: PreflightInput, accepted: readonly string[] = []): PreflightFinding[] {
  return [...subscriptionRules, ...brokerRules, ...messageRules, ...consumerRules]
    .flatMap((rule) => rule(input) ?? [])
    .map((finding) => ({...finding, isAccepted: finding.isWaivable && accepted.includes(finding.code)}))
}
