import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {Usage} from '../../errors.js'
import {EVERY_SUBSCRIPTION, listSubscriptions} from '../subscriptions/list/collect-subscription-list.js'
import {isOnlyPattern, isPattern, parsePattern} from '../subscriptions/list/topic-pattern.js'
import type {DiagnosisSubject} from './collect-snapshot.js'
import type {DiagnosisSnapshot} from './facts/diagnosis-snapshot.js'

export interface SubjectsWanted {
  /** a topic or a pattern; undefined for every topic */
  readonly pattern: string | undefined
  /** only of one topic; undefined for all its subscriptions */
  readonly subscription: string | undefined
  readonly isExcluded: (topic: string) => boolean
  readonly openBroker: (url: string) => Promise<PulsarAdmin>
}

/** The topics to check, and what could not be listed. @throws Usage E_PATTERN for a subscription of several topics. */
export async function collectSubjects(
  admin: PulsarAdmin,
  {isExcluded, openBroker, pattern, subscription}: SubjectsWanted,
): Promise<{subjects: DiagnosisSubject[]; unseen: DiagnosisSnapshot['failed']}> {
  const isSeveral = subscription === undefined ? isPattern : isOnlyPattern
  if (pattern !== undefined && !isSeveral(pattern)) {
    return {subjects: [{topic: pattern, subscription: subscription ?? null}], unseen: []}
  }
  if (subscription !== undefined) {
    throw new Usage(
      'E_PATTERN',
      `${pattern ?? 'the pattern'} matches several topics; a SUBSCRIPTION argument requires one topic`,
    )
  }
  const {failedBrokers, subscriptions} = await listSubscriptions(admin, {
    ...EVERY_SUBSCRIPTION,
    pattern: parsePattern(pattern),
    isFresh: false,
    openBroker,
  })
  const names = new Set(subscriptions.map(({topic}) => topic))
  return {
    subjects: [...names].filter((name) => !isExcluded(name)).map((name) => ({topic: name, subscription: null})),
    unseen: failedBrokers.map(({broker, cause}) => ({topic: `the topics of broker ${broker}`, cause})),
  }
}
