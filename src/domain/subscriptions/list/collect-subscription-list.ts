import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {OpenBroker} from './collect-brokers.js'
import {type BrokerStatsList, collectBrokerStats, type NoBrokerStats} from './collect-broker-stats.js'
import type {Collecting} from './row-source.js'
import {collectSettings} from '../../topic-stats/collect-broker-settings.js'
import {collectAgain, collectTopics} from './collect-live-stats.js'
import {MatchingRows, type RowChoice} from './matching-rows.js'
import {matches} from './list-filter.js'
import type {SubscriptionList, SubscriptionRow} from './subscription-row.js'
import {RATE_PERIOD_MS} from '../../progress/thresholds.js'
import type {TopicScope} from './topic-pattern.js'

export interface ListOptions extends RowChoice, TopicScope {
  /** Read the live statistics of each topic instead of broker statistics. */
  readonly isFresh: boolean
  readonly openBroker: OpenBroker
  /** Aborted when the reader of the output has closed it. */
  readonly signal?: AbortSignal | undefined
}

/** Every subscription on topics that are not system topics. */
export const EVERY_SUBSCRIPTION = {hasSystemTopics: false, filter: {}, order: 'name', limit: Infinity} as const

/**
 * Lists subscriptions from broker statistics, with one request per broker. Reads topic by topic when broker statistics are
 * not allowed or contain no match, or when live numbers are requested. The answer names its source.
 *
 * @throws Interrupted when the signal is aborted.
 */
export async function listSubscriptions(admin: PulsarAdmin, options: ListOptions): Promise<SubscriptionList> {
  const nowMs = Date.now()
  const settings = await collectSettings(admin, ['clusterName', 'statsUpdateFrequencyInSecs'])
  const periodMs = statsPeriodMs(settings?.statsUpdateFrequencyInSecs)
  const known = {nowMs, periodMs: periodMs ?? RATE_PERIOD_MS, cluster: settings?.clusterName ?? ''}
  const rows = new MatchingRows(options)
  const stats = options.isFresh ? 'requested' : await fromBrokerStats(admin, options, {rows, ...known})
  const isLive = typeof stats === 'string'
  const {failed, isComplete}: BrokerStatsList = isLive
    ? {failed: [], ...(await collectTopics(admin, {...options, ...known, onRows: taking(rows)}))}
    : stats
  return {
    source: isLive ? 'topic-stats' : 'broker-stats',
    sourceReason: isLive ? stats : null,
    asOf: new Date(nowMs).toISOString(),
    maxAgeMs: isLive ? 0 : periodMs,
    complete: isComplete && failed.length === 0,
    failedBrokers: failed,
    matched: rows.matched,
    stalledUnknown: rows.unknown,
    subscriptions: rows.sorted(),
  }
}

interface Known {
  readonly cluster: string
  readonly nowMs: number
  readonly periodMs: number
  readonly rows: MatchingRows
}

/**
 * Broker statistics do not contain the time of the last acknowledgement. For --since they only select candidates: topics
 * with a backlog and an acknowledgement rate of 0. The rate is an average over one period and may be one period old; for
 * durations below two periods every topic with a backlog is a candidate. The candidates are then queried one by one.
 */
async function fromBrokerStats(
  admin: PulsarAdmin,
  options: ListOptions,
  {cluster, nowMs, periodMs, rows}: Known,
): Promise<BrokerStatsList | NoBrokerStats> {
  const {unackedSinceMs, ...rest} = options.filter
  const time = {nowMs, periodMs}
  if (unackedSinceMs === undefined)
    return collectBrokerStats(admin, {...options, ...time, cluster, onRows: taking(rows)})
  const isLong = nowMs - unackedSinceMs >= 2 * periodMs
  const candidates: SubscriptionRow[] = []
  const stats = await collectBrokerStats(admin, {
    ...options,
    ...time,
    cluster,
    onRows(found) {
      for (const {mayBeUnackedFor, row} of found) {
        if ((mayBeUnackedFor || (!isLong && row.backlogEntries !== 0)) && matches(row, rest)) candidates.push(row)
      }
      return Promise.resolve()
    },
  })
  if (typeof stats === 'string') return stats
  const again = await collectAgain(admin, candidates, {...options, ...time, onRows: taking(rows)})
  return {...stats, isComplete: stats.isComplete && again.isComplete}
}

function taking(rows: MatchingRows): Collecting['onRows'] {
  return (found) => rows.take(found.map(({row}) => row))
}

/** The period of broker statistics; null without the permission to read the broker settings. */
function statsPeriodMs(setting: string | undefined): number | null {
  const seconds = Number(setting)
  return Number.isFinite(seconds) ? seconds * 1000 : null
}
