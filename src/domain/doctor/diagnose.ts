import {SEVERITIES} from '../../severity.js'
import {factsOf, type SubscriptionFacts} from './facts/subscription-facts.js'
import type {DoctorFinding, Draft} from './facts/doctor-finding.js'
import {consumerRules} from './rules/consumers.js'
import {deliveryRules} from './rules/delivery.js'
import {drainingRules} from './rules/draining.js'
import {expiryRules} from './rules/expiry.js'
import {joinedConsumerRules} from './rules/joined-consumers.js'
import {limitRules} from './rules/limits.js'
import {lockRules} from './rules/locks.js'
import {messageRules} from './rules/messages.js'
import {partitionRules} from './rules/partitions.js'
import {prefetchRules} from './rules/prefetch.js'
import {progressRules} from './rules/progress.js'
import {readingRules} from './rules/reading.js'
import {redeliveryRules} from './rules/redelivery.js'
import {replayRules} from './rules/replay.js'
import {throttlingRules} from './rules/throttling.js'
import type {DiagnosisSnapshot} from './facts/diagnosis-snapshot.js'
import {type IgnoredFindings, isIgnored} from './ignored-findings.js'

export interface Diagnosis {
  /** when the samples were taken, ISO 8601 */
  asOf: string
  brokerVersion: string
  subscriptions: number
  /** the subscriptions that were checked, by topic and name */
  checked: Array<{topic: string; subscription: string}>
  /** whether every topic of the pattern was read */
  complete: boolean
  failed: Array<{topic: string; cause: string}>
  /** the worst first; within a severity causes come before their symptoms */
  findings: DoctorFinding[]
  /** findings that `--ignore` left out */
  ignoredFindings: number
}

/** Each rule gets the findings of those before it, because they may explain what it sees. */
const RULES: ReadonlyArray<(facts: SubscriptionFacts, others: readonly Draft[]) => Draft[]> = [
  lockRules,
  limitRules,
  throttlingRules,
  replayRules,
  joinedConsumerRules,
  deliveryRules,
  readingRules,
  redeliveryRules,
  expiryRules,
  drainingRules,
  consumerRules,
  prefetchRules,
  messageRules,
  partitionRules,
  progressRules,
]

/**
 * @param stuckAfterMs a message or consumer without progress for longer than this is stuck.
 * @param ignored is left out after all rules have run: an ignored finding still explains its symptoms.
 */
export function diagnose(
  snapshot: DiagnosisSnapshot,
  stuckAfterMs: number,
  ignored: readonly IgnoredFindings[] = [],
): Diagnosis {
  const all = factsOf(snapshot, stuckAfterMs)
  const findings = all.flatMap((facts) => {
    const drafts: Draft[] = []
    for (const rule of RULES) drafts.push(...rule(facts, drafts))
    return drafts.map((draft) => finish(facts, draft))
  })
  const reported = findings.filter((finding) => !isIgnored(finding, ignored))
  return {
    asOf: snapshot.takenAt,
    brokerVersion: snapshot.brokerVersion,
    subscriptions: all.length,
    checked: all
      .map(({subscription, topic}) => ({topic, subscription}))
      .toSorted((a, b) => compare(a.topic, b.topic) || compare(a.subscription, b.subscription)),
    complete: snapshot.failed.length === 0,
    failed: [...snapshot.failed],
    findings: reported.toSorted((a, b) => rank(a) - rank(b)),
    ignoredFindings: findings.length - reported.length,
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function rank({severity}: DoctorFinding): number {
  return SEVERITIES.indexOf(severity)
}

function finish({subscription, topic}: SubscriptionFacts, draft: Draft): DoctorFinding {
  const {
    code,
    consumers = [],
    evidence,
    key = null,
    links = [],
    message,
    partitions = [],
    severity,
    slot = null,
  } = draft
  const named = consumers.map(({address, name}) => ({name, address}))
  return {
    code,
    severity,
    message,
    subject: {
      topic,
      subscription,
      partitions: [...new Set(partitions.filter((partition) => partition !== null))],
      consumer: consumers.length === 1 ? (named[0] ?? null) : null,
      consumers: named,
      slot,
      key,
    },
    evidence,
    since: draft.sinceMs === null || draft.sinceMs === undefined ? null : new Date(draft.sinceMs).toISOString(),
    remedies: draft.remedies,
    links: [...links],
  }
}
