import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {chooseEntries, type SamplePart} from './choose-entries.js'
import {countEntries, type EntryRange, unackedEntries} from '../topic-stats/unacked-entries.js'
import {openSource} from './collect-entry-source.js'
import type {SampledEntry} from './sampled-entry.js'
import type {OpenTransport, SampleSource} from './entry-source.js'
import {SampleCounts} from './sample-counts.js'

/** What to read, and when to stop. */
export interface SampleOptions {
  readonly source: SampleSource | 'auto'
  readonly where: SamplePart
  /** entries, over all partitions */
  readonly max: number
  readonly seconds: number
  /** Opens a message transport; called only when one is needed. */
  readonly openTransport: OpenTransport
  /** Is told of each entry beside the tally, for what that does not keep. */
  readonly onEntry?: (entry: SampledEntry) => void
  readonly onProgress: (readEntries: number, chosenEntries: number) => void
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
 * Reads part of a subscription's backlog, and leaves the subscription as it is: where its cursor stands is asked, then
 * the entries behind are read without it.
 */
export async function collectSample(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  options: SampleOptions,
): Promise<CollectedSample> {
  const until = Date.now() + options.seconds * 1000
  const [backlogs, {read, source}] = await Promise.all([
    collectBacklogs(admin, collected),
    openSource(admin, collected, options.source, options.openTransport),
  ])
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
      options.onProgress(counts.entries, chosenEntries)
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
