import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {OpenBroker} from './collect-brokers.js'
import {type BrokerStatsList, collectBrokerStats, type NoBrokerStats} from './collect-broker-stats.js'
import type {Collecting} from './row-source.js'
import {collectSettings} from '../../topic-stats/collect-broker-settings.js'
import {collectAgain, collectTopics} from './collect-live-stats.js'
import {MatchingRows, type RowChoice} from './matching-rows.js'
import {matches} from './list-filter.js'
import type {SubscriptionList, SubscriptionRow} from './subscription-row.js'
import type {TopicScope} from './topic-pattern.js'

export interface ListOptions extends RowChoice, TopicScope {
  /** Ask for each topic's statistics instead of the brokers' copies. */
  readonly isFresh: boolean
  readonly openBroker: OpenBroker
  /** Aborted when nobody wants the list any more. */
  readonly signal?: AbortSignal | undefined
}

/** All that users have. */
export const EVERY_SUBSCRIPTION = {hasSystemTopics: false, filter: {}, order: 'name', limit: Infinity} as const

/** `statsUpdateFrequencyInSecs` unless a cluster sets it. */
const USUAL_PERIOD_MS = 60_000

/**
 * Lists subscriptions: from each broker's own copy, one request per broker, or topic by topic when that is not allowed,
 * shows nothing, or fresh numbers are asked for. The answer says which way it was made.
 *
 * @throws Interrupted when the signal is aborted.
 */
export async function listSubscriptions(admin: PulsarAdmin, options: ListOptions): Promise<SubscriptionList> {
  const nowMs = Date.now()
  const settings = await collectSettings(admin, ['clusterName', 'statsUpdateFrequencyInSecs'])
  const periodMs = statsPeriodMs(settings?.statsUpdateFrequencyInSecs)
  const known = {nowMs, periodMs: periodMs ?? USUAL_PERIOD_MS, cluster: settings?.clusterName ?? ''}
  const rows = new MatchingRows(options)
  const copies = options.isFresh ? 'requested' : await fromBrokerStats(admin, options, {rows, ...known})
  const isLive = typeof copies === 'string'
  const {failed, isComplete}: BrokerStatsList = isLive
    ? {failed: [], ...(await collectTopics(admin, {...options, ...known, onRows: taking(rows)}))}
    : copies
  return {
    source: isLive ? 'topic-stats' : 'broker-stats',
    sourceReason: isLive ? copies : null,
    asOf: new Date(nowMs).toISOString(),
    maxAgeMs: isLive ? 0 : periodMs,
    complete: isComplete && failed.length === 0,
    failedBrokers: failed,
    matched: rows.matched,
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
 * The copies do not tell when something was acknowledged last. Where that is asked for they tell which topics to ask: those
 * with a backlog and without a rate of acknowledgements. A rate is the average of one period, and the copy up to one
 * old, so that it says nothing of less than two.
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
  const copies = await collectBrokerStats(admin, {
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
  if (typeof copies === 'string') return copies
  const again = await collectAgain(admin, candidates, {...options, ...time, onRows: taking(rows)})
  return {...copies, isComplete: copies.isComplete && again.isComplete}
}

function taking(rows: MatchingRows): Collecting['onRows'] {
  return (found) => rows.take(found.map(({row}) => row))
}

/** How often a broker renews its copy; null when this login may not read its settings. */
function statsPeriodMs(setting: string | undefined): number | null {
  const seconds = Number(setting)
  return Number.isFinite(seconds) ? seconds * 1000 : null
}
