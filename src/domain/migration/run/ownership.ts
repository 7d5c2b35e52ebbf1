import {hostname} from 'node:os'
import type {Actor, Claim, Heartbeat, JournalStore} from '../../../clients/journal/journal-store.js'
import {Conflict, Unreachable} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {waitUntil} from '../../../wait-until.js'
import {closedAs} from '../journal/history.js'
import {viewLines} from '../journal/chain.js'
import {claimOf, subjectOf} from '../journal/claim.js'
import type {MigrationJournal} from '../journal/migration-journal.js'
import type {MigrationPlan} from '../plan/plan.js'

const HEARTBEAT_EVERY_MS = 2000

/** Several heartbeats: a process without one for this time is considered stopped. */
const HEARTBEAT_TIMEOUT_MS = 10_000
const CHECK_HEARTBEAT_EVERY_MS = 500

/** Writes heartbeats while the process that owns a migration is running. */
export class HeartbeatTimer {
  private readonly timer: NodeJS.Timeout
  private sending: Promise<void>
  private waitingFor: string | null = null
  private step: string | null = null

  constructor(store: JournalStore, claim: Claim, who: Actor) {
    const beat = (): Promise<void> =>
      // A failed heartbeat does not stop the run: the journal decides which process owns the migration.
      store
        .writeHeartbeat(claim, {at: new Date().toISOString(), who, step: this.step, waitingFor: this.waitingFor})
        .catch(() => undefined)
    this.sending = beat()
    this.timer = setInterval(() => {
      this.sending = this.sending.then(beat)
    }, HEARTBEAT_EVERY_MS)
    this.timer.unref()
  }

  /** Sets the content of the next heartbeat. */
  setStatus(step: string, waitingFor: string | null): void {
    this.step = step
    this.waitingFor = waitingFor
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.sending
  }
}

/** Whether the process that ran a migration is running or has exited; `unknown` when it is on another host. */
export function processState({host, pid}: Actor): 'exited' | 'running' | 'unknown' {
  if (host !== hostname()) return 'unknown'
  try {
    process.kill(pid, 0)
    return 'running'
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    return isAbsent ? 'exited' : 'running'
  }
}

export interface Takeover {
  /** Take the migration over from a process on another host once that has written no heartbeat for 10 s. */
  readonly isTakeOver: boolean
  readonly report: (waitingFor: string, forMs: number) => void
}

/**
 * Makes this process the owner of a migration that another process began.
 *
 * @throws Conflict E_CLAIMED while that process is running or may be, or another migration has claimed the topic.
 */
export async function takeOwnership(
  store: JournalStore,
  journal: MigrationJournal,
  who: Actor,
  options: Takeover,
): Promise<Claim> {
  await requireNoOwner(store, journal, who, options)
  const claim = await takeClaim(store, claimOf(journal.plan, journal.id, who))
  // The journal decides between two processes that take it at the same time: the first entry counts.
  await journal.addDurably('run', 'intent', {isResumed: true})
  return claim
}

/** @throws Conflict E_CLAIMED while the process that began the migration is running or may be. */
export async function requireNoOwner(
  store: JournalStore,
  {history, id, plan}: MigrationJournal,
  who: Actor,
  options: Takeover,
): Promise<void> {
  const last = history.at(-1)?.who
  const isOurs = last?.host === who.host && last.pid === who.pid
  if (closedAs(history) === null && last && !isOurs) await requireOwnerExited(store, plan, id, last, options)
}

/**
 * Claims a topic. The claim of a closed migration, which its process did not release, is released first.
 *
 * @throws Conflict E_CLAIMED when another migration has claimed the topic.
 */
export async function takeClaim(store: JournalStore, claim: Claim): Promise<Claim> {
  const holder = await store.claim(claim)
  if (holder.migrationId === claim.migrationId) return claim
  if (!(await isOver(store, holder.migrationId))) throw claimed(holder)
  await store.release(holder)
  const next = await store.claim(claim)
  if (next.migrationId !== claim.migrationId) throw claimed(next)
  return claim
}

async function isOver(store: JournalStore, id: string): Promise<boolean> {
  try {
    return closedAs(viewLines(await store.read(id)).entries) !== null
  } catch (error) {
    if (error instanceof Unreachable) return false
    throw error
  }
}

async function requireOwnerExited(
  store: JournalStore,
  plan: MigrationPlan,
  id: string,
  last: Actor,
  {isTakeOver, report}: Takeover,
): Promise<void> {
  const state = processState(last)
  if (state === 'exited') return
  const before = await store.holder(subjectOf(plan))
  if (!isTakeOver) throw alreadyRunning(id, last, before?.claim ?? null, before?.heartbeat ?? null)
  const startedAt = Date.now()
  const active = await waitUntil(
    async () => {
      report(`a heartbeat of ${nameOf(last)}`, Date.now() - startedAt)
      const now = await store.holder(subjectOf(plan))
      return now?.heartbeat?.at === before?.heartbeat?.at ? undefined : {now}
    },
    {everyMs: CHECK_HEARTBEAT_EVERY_MS, timeoutMs: HEARTBEAT_TIMEOUT_MS},
  )
  if (active) throw alreadyRunning(id, last, active.now?.claim ?? null, active.now?.heartbeat ?? null)
}

function alreadyRunning(id: string, who: Actor, claim: Claim | null, heartbeat: Heartbeat | null): Conflict {
  const seen = heartbeat ? `, last heartbeat at ${heartbeat.at}` : ''
  return new Conflict(
    'E_CLAIMED',
    `${id} is already being run by ${nameOf(who)}, since ${claim?.since ?? 'an unknown time'}${seen}`,
    {
      data: {migrationId: id, who, since: claim?.since ?? null, lastHeartbeat: heartbeat?.at ?? null},
      next: [suggestedCommand('migrate', 'status', id), suggestedCommand('migrate', 'resume', id, '--take-over')],
    },
  )
}

function claimed(holder: Claim): Conflict {
  const {migrationId, since, subject, subscription, who} = holder
  return new Conflict(
    'E_CLAIMED',
    `${migrationId} is already migrating ${subscription} of ${subject.topic}, run by ${nameOf(who)} since ${since}`,
    {
      data: {...holder},
      next: [suggestedCommand('migrate', 'status', migrationId), suggestedCommand('migrate', 'resume', migrationId)],
    },
  )
}

function nameOf({host, pid, user}: Actor): string {
  return `${user}@${host} pid ${String(pid)}`
}
