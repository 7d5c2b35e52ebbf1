import pLimit from 'p-limit'

import type {JournalStore} from '../../../clients/journal/journal-store.js'
import {Conflict} from '../../../errors.js'
import {messageOf} from '../../../wording.js'
import {viewLines} from './chain.js'
import {closedAs, planOf} from './history.js'
import {subjectOf} from './claim.js'
import {type LastHeartbeat, type MigrationList, type MigrationStatus, statusOf} from './status.js'

const CONCURRENT_MIGRATIONS = 4

/**
 * All migrations of the journal. One that cannot be read, for example because its namespace is being deleted, does not hide the
 * others.
 *
 * @throws the first cause other than a damaged journal, if none can be read.
 */
export async function listMigrations(store: JournalStore): Promise<Omit<MigrationList, 'journal'>> {
  const ids = await store.list()
  const limit = pLimit(CONCURRENT_MIGRATIONS)
  const outcomes = await Promise.allSettled(ids.map((id) => limit(() => readMigration(store, id))))
  const migrations = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const causes = outcomes.flatMap((one, at) =>
    one.status === 'rejected' ? [{id: ids[at] ?? '', reason: one.reason as unknown}] : [],
  )
  const unexpected = causes.find(({reason}) => !(reason instanceof Conflict))
  if (migrations.length === 0 && unexpected) throw unexpected.reason
  return {migrations, unreadable: causes.map(({id, reason}) => ({id, cause: messageOf(reason)}))}
}

/** The state of one migration, with its last heartbeat if it runs. @throws if its journal cannot be read. */
export async function readMigration(store: JournalStore, id: string): Promise<MigrationStatus> {
  const {entries, requests} = viewLines(await store.read(id))
  const plan = planOf(entries)
  let heartbeat: LastHeartbeat | null = null
  if (plan && closedAs(entries) === null) {
    const holder = await store.holder(subjectOf(plan))
    if (holder?.claim.migrationId === id) heartbeat = holder.heartbeat
  }
  return statusOf(id, entries, requests, heartbeat, new Date())
}

export interface JournalCheck {
  id: string
  isIntact: boolean
  lines: number
  entries: number
  requests: number
  /** numbers of the lines that a process wrote after another one had taken the migration over; they do not count */
  voidedLines: number[]
  /** the first line that was altered or that follows a missing line */
  brokenLine: number | null
  /** of the last entry; stored elsewhere, it reveals that the end of the journal was removed later */
  lastHash: string | null
}

/** Checks the hash chain of a journal from its first line to its last. */
export async function verifyJournal(store: JournalStore, id: string): Promise<JournalCheck> {
  const lines = await store.read(id)
  const {broken, entries, requests, voided} = viewLines(lines)
  return {
    id,
    isIntact: broken === null && planOf(entries) !== null,
    lines: lines.length,
    entries: entries.length,
    requests: requests.length,
    voidedLines: voided,
    brokenLine: broken,
    lastHash: entries.at(-1)?.hash ?? null,
  }
}
