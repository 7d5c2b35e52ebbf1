import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {chooseEntries, type SamplePart} from './choose-entries.js'
import {countEntries, type EntryRange, unackedEntries} from '../topic-stats/unacked-entries.js'
import {type OpenedSource, openSource} from './collect-entry-source.js'
import {restReader} from './collect-by-rest.js'
import type {SampledEntry} from './sampled-entry.js'
import type {OpenTransport, SampleSource} from './entry-source.js'
import {SampleCounts} from './sample-counts.js'

/** What to read, and when to stop. */
export interface SampleLimits {
  readonly where: SamplePart
  /** maximum number of entries, over all partitions */
  readonly max: number
  readonly timeLimitMs: number
  /** Receives each entry, for facts that the counts do not contain. */
  readonly onEntry?: (entry: SampledEntry) => void
  readonly onProgress?: (readEntries: number, chosenEntries: number) => void
}

export interface SampleOptions extends SampleLimits {
  readonly source: SampleSource | 'auto'
  /** Opens a message transport; called only when one is needed. */
  readonly openTransport: OpenTransport
}

export interface CollectedSample {
  readonly counts: SampleCounts
  readonly source: SampleSource
  readonly backlogEntries: number
  readonly chosenEntries: number
  readonly skippedEntries: number
  readonly unreadableEntries: number
  readonly isTimeOver: boolean
}

/**
 * Reads part of a subscription's backlog without using the subscription: it reads the position of the cursor, then the
 * entries after it.
 */
export async function collectSample(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  options: SampleOptions,
): Promise<CollectedSample> {
  const opening = openSource(admin, collected, options.source, options.openTransport)
  return readSample(admin, collected, opening, options)
}

/** The same through the admin API, which needs no message transport. */
export async function collectRestSample(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  limits: SampleLimits,
): Promise<CollectedSample> {
  const opened: OpenedSource = {source: 'rest', read: restReader(admin, collected)}
  return readSample(admin, collected, Promise.resolve(opened), limits)
}

async function readSample(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  opening: Promise<OpenedSource>,
  options: SampleLimits,
): Promise<CollectedSample> {
  const until = Date.now() + options.timeLimitMs
  const [backlogs, {read, source}] = await Promise.all([collectBacklogs(admin, collected), opening])
  const ranges = chooseEntries(backlogs, options.where, options.max)
  const chosenEntries = countEntries(ranges)
  const counts = new SampleCounts()
  let skippedEntries = 0
  let unreadableEntries = 0
  let isTimeOver = false
  await read(ranges, {
    entry: (entry) => {
      counts.add(entry)
      options.onEntry?.(entry)
      options.onProgress?.(counts.entries, chosenEntries)
    },
    skip: (entries) => {
      skippedEntries += entries
    },
    unreadable: () => {
      unreadableEntries++
    },
    isOver: () => (isTimeOver ||= Date.now() >= until),
  })
  const backlogEntries = backlogs.reduce((sum, backlog) => sum + countEntries(backlog), 0)
  return {counts, source, backlogEntries, chosenEntries, skippedEntries, unreadableEntries, isTimeOver}
}

function collectBacklogs(
  admin: PulsarAdmin,
  {partitions, subscription}: CollectedSubscription,
): Promise<EntryRange[][]> {
  return Promise.all(
    partitions.map(async ({name, partition}) =>
      unackedEntries(partition ?? 0, await admin.internalStats(name), subscription),
    ),
  )
}
