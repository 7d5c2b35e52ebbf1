import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {transportReader} from './collect-by-transport.js'
import {restReader} from './collect-by-rest.js'
import type {OpenTransport, SampleReader, SampleSource} from './entry-source.js'

/** How entries are read, and the name of the source in the report. */
export interface OpenedSource {
  readonly source: SampleSource
  readonly read: SampleReader
}

/** Chooses how to read. The admin API shows the most, so `auto` uses it unless the login lacks the permission. */
export async function openSource(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  wanted: SampleSource | 'auto',
  openTransport: OpenTransport,
): Promise<OpenedSource> {
  if (wanted === 'rest' || (wanted === 'auto' && (await mayReadEntries(admin, collected)))) {
    return {source: 'rest', read: restReader(admin, collected)}
  }
  const transport = await openTransport(wanted)
  return {source: transport.name, read: transportReader(transport, collected)}
}

async function mayReadEntries(admin: PulsarAdmin, {partitions}: CollectedSubscription): Promise<boolean> {
  const [first] = partitions
  try {
    if (first) await admin.examineMessage(first.name, 'latest', 1)
    return true
  } catch (error) {
    if (error instanceof AdminRefused && (error.isNotAllowed || error.status === 405)) return false
    throw error
  }
}
