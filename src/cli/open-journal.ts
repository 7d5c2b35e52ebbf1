import {resolve} from 'node:path'
import {ClusterJournal} from '../clients/journal/cluster-journal.js'
import {FileJournal} from '../clients/journal/file-journal.js'
import type {JournalStore} from '../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
import {Usage} from '../errors.js'
import {requireNamespace} from './flags/namespace.js'

/** The value of `--namespace` that overrides the namespace of the context. */
const ALL_NAMESPACES = 'all'

/** @throws Usage E_JOURNAL for an invalid place, E_NAMESPACE for an invalid namespace. */
export function openJournal(
  admin: PulsarAdmin,
  flags: {journal: string; namespace?: string | undefined},
): JournalStore {
  const {journal, namespace} = flags
  const isEvery = namespace === undefined || namespace === ALL_NAMESPACES
  if (!isEvery) requireNamespace(namespace)
  if (journal === 'cluster') return new ClusterJournal(admin, isEvery ? null : namespace)
  if (!journal.startsWith('file:') || journal.length <= 'file:'.length) {
    throw new Usage('E_JOURNAL', `--journal must be cluster or file:DIRECTORY, not ${journal}`)
  }
  return new FileJournal(resolve(journal.slice('file:'.length)))
}
