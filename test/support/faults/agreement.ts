import {type BacklogSample, reportBacklog} from '../../../src/domain/backlog/backlog-report.js'
import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import type {
  DiagnosisSnapshot,
  PartitionSample,
  SampledSubscription,
} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {detectRouting} from '../../../src/domain/keys/hashing/detect-routing.js'
import {RATE_PERIOD_MS, STUCK_AFTER_MS} from '../../../src/domain/progress/thresholds.js'
import {groupAll} from '../../../src/domain/subscriptions/list/group-partitions.js'
import {verdictOf} from '../../../src/domain/why/key-verdict.js'
import {parseTopicName, partitionName, type TopicName} from '../../../src/topic-name.js'

/** What the four commands say of the same two samples. */
export interface Verdicts {
  readonly findings: readonly DoctorFinding[]
  readonly errors: readonly DoctorFinding[]
  /** those on the partition of the key */
  readonly errorsOfKey: readonly DoctorFinding[]
  readonly backlog: string | null
  readonly isListedAsStalled: boolean | null
  readonly why: string
}

interface Row {
  readonly partition: number | null
  readonly name: TopicName
  readonly messagesIn: number
  readonly stats: SampledSubscription
}

/**
 * What the four commands say of the only topic of a snapshot.
 *
 * @param keyPartition where the key of `why` is: the place in the list of partitions. Its message has been delivered.
 */
export function verdictsOf(snapshot: DiagnosisSnapshot, keyPartition = 0): Verdicts {
  const [only] = snapshot.topics
  const subscription = only?.subscription ?? null
  if (!only || subscription === null) throw new RangeError('the snapshot has no topic, or not only one subscription')
  const [first, last] = only.samples
  const [topic, nowMs] = [parseTopicName(only.topic), last.atMs]
  const rowsOf = (partitions: readonly PartitionSample[]): Row[] =>
    partitions.flatMap(({messagesIn, partition, subscriptions}) => {
      const stats = subscriptions[subscription]
      const name = partition === null ? topic : partitionName(topic, partition)
      return stats ? [{partition, name, messagesIn: messagesIn ?? 0, stats}] : []
    })
  const {findings} = diagnose(snapshot, STUCK_AFTER_MS)
  const sample = (partitions: readonly PartitionSample[], atMs: number): BacklogSample => ({
    atMs,
    collected: {
      ...{topic, subscription, partitionCount: only.partitionCount},
      partitions: rowsOf(partitions).map(({messagesIn, name, partition, stats}) => ({
        ...{partition, name, stats: {msgInCounter: messagesIn}, subscription: stats},
      })),
    },
  })
  // A backlog needs four readings. Each sample is there twice, so that only what the snapshot has can differ.
  const apartMs = (nowMs - first.atMs) / 3
  const samples = [first, first, last, last].map(({partitions}, at) =>
    sample(partitions, first.atMs + Math.round(apartMs * at)),
  )
  const rows = rowsOf(last.partitions)
  const listed = groupAll(
    rows.map(({name, stats}) => ({name: name.full, stats: {subscriptions: {[subscription]: stats}}})),
    {nowMs, ageMs: 0, periodMs: RATE_PERIOD_MS},
  )
  const errors = findings.filter(({severity}) => severity === 'error')
  const keyAt = rows[keyPartition]?.partition ?? 0
  const isOfKey = ({subject: {partitions}}: DoctorFinding): boolean =>
    partitions.length === 0 || partitions.includes(keyAt)
  const {code} = verdictOf({
    ...{topic: topic.full, subscription, key: 'user-1', type: rows[0]?.stats.type ?? null, nowMs},
    routing: detectRouting([], rows.length),
    search: {expected: keyAt, isExpectedComplete: true, others: null},
    destination: {partition: keyAt, slot: null, receiver: 'unknown', consumer: null, drainingConsumer: null},
    messages: {
      ...{
        entriesRead: 5,
        entriesUnreadable: 0,
        entriesUncertain: 0,
        backlogEntries: 5,
        isComplete: true,
        messages: 1,
        partitions: [keyAt],
      },
      oldest: {partition: keyAt, position: '1:0', publishedAtMs: nowMs - 60_000, deliverAtMs: null, isRead: true},
    },
    ...{lock: null, asksForLocks: false, asOf: new Date(nowMs).toISOString()},
    findings: findings.filter(isOfKey),
    changes: {joined: [], left: [], ownerBefore: null},
  })
  return {
    ...{findings, errors, errorsOfKey: errors.filter(isOfKey), why: code},
    backlog: reportBacklog(samples).total.verdict,
    isListedAsStalled: listed.rows[0]?.row.isStalled ?? null,
  }
}

/**
 * A contradiction: a command calls the backlog stalled and doctor finds no error, or another command says that it moves, is
 * empty or is not due; doctor finds it stalled without a cause
 * while another command says that it moves or is empty; doctor finds nothing while why names a problem; or doctor finds an
 * error while why says that the messages of the partition are being handled.
 */
export function contradictionIn({backlog, errors, errorsOfKey, isListedAsStalled, why}: Verdicts): string | null {
  if (backlog === 'stalled' && errors.length === 0) return 'backlog: stalled, doctor: no error'
  if (isListedAsStalled === true && errors.length === 0) return 'list: stalled, doctor: no error'
  // The list has one sample, which cannot show that the deliveries are redeliveries.
  const isRedelivering = errors.some((one) => one.code === 'redelivered-over-and-over')
  if (backlog === 'stalled' && isListedAsStalled === false && !isRedelivering)
    return 'backlog: stalled, list: not stalled'
  if (isListedAsStalled === true && (backlog === 'draining' || backlog === 'empty' || backlog === 'not-due'))
    return `list: stalled, backlog: ${backlog}`
  const isUnexplained = errors.some(({code}) => code === 'stalled-cause-unknown')
  if (isUnexplained && backlog !== 'stalled') return `doctor: stalled, backlog: ${String(backlog)}`
  if (isUnexplained && isListedAsStalled === false) return 'doctor: stalled, list: not stalled'
  const isWorking = why === 'delivered-not-acked' || why === 'waiting-behind-other-messages'
  if (errorsOfKey.length > 0 && isWorking) return `doctor: ${errorsOfKey[0]?.code ?? ''}, why: ${why}`
  return errorsOfKey.length === 0 && !isWorking ? `doctor: no error, why: ${why}` : null
}
