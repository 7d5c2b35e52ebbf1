import {hostname} from 'node:os'
import {setTimeout as delay} from 'node:timers/promises'
import type {Actor, Claim, Heartbeat, JournalStore} from '../../../clients/journal/journal-store.js'
import {Conflict, Unreachable} from '../../../errors.js'
import {closedAs} from '../journal/history.js'
import {viewLines} from '../journal/chain.js'
import {claimOf, subjectOf} from '../journal/claim.js'
import type {MigrationJournal} from '../journal/migration-journal.js'
import type {MigrationPlan} from '../plan/plan.js'

const HEARTBEAT_EVERY_MS = 2000

/** Longer than a few heartbeats: a process that shows none for so long is taken for gone. */
const HEARTBEAT_TIMEOUT_MS = 10_000

/** Shows for as long as it runs that the process that owns a migration lives. */
export class HeartbeatTimer {
  private readonly timer: NodeJS.Timeout
  private sending: Promise<void>
  private waitingFor: string | null = null
  private step: string | null = null

  constructor(store: JournalStore, claim: Claim, who: Actor) {
    const beat = (): Promise<void> =>
      // A heartbeat that does not get through is no reason to stop: the journal decides who owns the migration.
      store
        .writeHeartbeat(claim, {at: new Date().toISOString(), who, step: this.step, waitingFor: this.waitingFor})
        .catch(() => undefined)
    this.sending = beat()
    this.timer = setInterval(() => {
      this.sending = this.sending.then(beat)
    }, HEARTBEAT_EVERY_MS)
    this.timer.unref()
  }

  /** What the next heartbeat tells. */
  setStatus(step: string, waitingFor: string | null): void {
    this.step = step
    this.waitingFor = waitingFor
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.sending
  }
}

/** Whether a process that ran a migration can be seen to live, or to be gone; `unknown` is on another host. */
export function processState({host, pid}: Actor): 'dead' | 'running' | 'unknown' {
  if (host !== hostname()) return 'unknown'
  try {
    process.kill(pid, 0)
    return 'running'
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    return isAbsent ? 'dead' : 'running'
  }
}

export interface Takeover {
  /** Take it from a process that can't be seen from here, once it shows no heartbeat for a while. */
  readonly isTakeOver: boolean
  readonly report: (waitingFor: string, forMs: number) => void
}

/**
 * Makes this process the owner of a migration that another began.
 *
 * @throws Conflict E_CLAIMED while its process lives or may live, or another migration has the topic.
 */
export async function takeOwnership(
  store: JournalStore,
  journal: MigrationJournal,
  who: Actor,
  options: Takeover,
): Promise<Claim> {
  const {id, plan} = journal
  const last = journal.history.at(-1)?.who
  const isOurs = last?.host === who.host && last.pid === who.pid
  if (closedAs(journal.history) === null && last && !isOurs) await requireOwnerDead(store, plan, id, last, options)
  const claim = await takeClaim(store, claimOf(plan, id, who))
  // The journal decides: of two that take it at once, the one whose entry is first.
  await journal.addDurably('run', 'intent', {isResumed: true})
  return claim
}

/**
 * Takes a topic's claim; one that a process left behind when it had closed its migration is given back first.
 *
 * @throws Conflict E_CLAIMED when another migration has it.
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

async function requireOwnerDead(
  store: JournalStore,
  plan: MigrationPlan,
  id: string,
  last: Actor,
  {isTakeOver, report}: Takeover,
): Promise<void> {
  const state = processState(last)
  if (state === 'dead') return
  const paused = await store.holder(subjectOf(plan))
  if (!isTakeOver) throw runs(id, last, paused?.claim ?? null, paused?.heartbeat ?? null)
  const startedAt = Date.now()
  while (Date.now() - startedAt < HEARTBEAT_TIMEOUT_MS) {
    report(`a sign of life of ${nameOf(last)}`, Date.now() - startedAt)
    await delay(500)
    const now = await store.holder(subjectOf(plan))
    if (now?.heartbeat?.at !== paused?.heartbeat?.at) throw runs(id, last, now?.claim ?? null, now?.heartbeat ?? null)
  }
}

function runs(id: string, who: Actor, claim: Claim | null, heartbeat: Heartbeat | null): Conflict {
  const seen = heartbeat ? `, last heard of at ${heartbeat.at}` : ''
  return new Conflict('E_CLAIMED', `${id} is run by ${nameOf(who)} since ${claim?.since ?? 'an unknown time'}${seen}`, {
    data: {migrationId: id, who, since: claim?.since ?? null, lastHeartbeat: heartbeat?.at ?? null},
    next: [`keyshift migrate status ${id}`, `keyshift migrate resume ${id} --take-over`],
  })
}

function claimed(holder: Claim): Conflict {
  const {migrationId, since, subject, subscription, who} = holder
  return new Conflict(
    'E_CLAIMED',
    `${subject.topic} is being migrated (${subscription}, ${migrationId}) by ${nameOf(who)} since ${since}`,
    {
      data: {...holder},
      next: [`keyshift migrate status ${migrationId}`, `keyshift migrate resume ${migrationId}`],
    },
  )
}

function nameOf({host, pid, user}: Actor): string {
  return `${user}@${host} pid ${String(pid)}`
}
