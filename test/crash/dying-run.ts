// A process of its own that applies a plan and kills itself with SIGKILL before or after the n-th line of its journal.
import {readFile} from 'node:fs/promises'
import {hostname} from 'node:os'

import {ClusterJournal} from '../../src/clients/journal/cluster-journal.js'
import type {Claim, Heartbeat, JournalLine, JournalStore, Subject} from '../../src/clients/journal/journal.js'
import {PulsarAdmin} from '../../src/clients/pulsar-admin/admin.js'
import {applyPlan} from '../../src/domain/migration/migrate.js'
import {parsePlan} from '../../src/domain/migration/stale.js'

/** The real journal, whose lines are written one by one, so that a batch can be cut anywhere. */
class DyingJournal implements JournalStore {
  readonly place = 'cluster'
  private readonly inner: JournalStore
  private readonly dieAt: number
  private readonly isBefore: boolean
  private written = 0

  constructor(inner: JournalStore, dieAt: number, isBefore: boolean) {
    this.inner = inner
    this.dieAt = dieAt
    this.isBefore = isBefore
  }

  async append(migrationId: string, lines: readonly JournalLine[]): Promise<number> {
    let first = -1
    for (const line of lines) {
      this.dieIf(this.isBefore)
      const at = await this.inner.append(migrationId, [line])
      if (first === -1) first = at
      this.dieIf(!this.isBefore)
      this.written++
    }
    return first
  }

  create = (id: string, subject: Subject): Promise<void> => this.inner.create(id, subject)
  read = (id: string, from?: number): Promise<JournalLine[]> => this.inner.read(id, from)
  remove = (id: string): Promise<void> => this.inner.remove(id)
  list = (): Promise<string[]> => this.inner.list()
  claim = (claim: Claim): Promise<Claim> => this.inner.claim(claim)
  holder = (subject: Subject): ReturnType<JournalStore['holder']> => this.inner.holder(subject)
  beat = (claim: Claim, heartbeat: Heartbeat): Promise<void> => this.inner.beat(claim, heartbeat)
  release = (claim: Claim): Promise<void> => this.inner.release(claim)

  private dieIf(isNow: boolean): void {
    if (isNow && this.written === this.dieAt) process.kill(process.pid, 'SIGKILL')
  }
}

const [adminUrl = '', file = '', dieAt = '', when = ''] = process.argv.slice(2)
const admin = new PulsarAdmin({url: adminUrl})
const store = new DyingJournal(new ClusterJournal(admin, null), Number(dieAt), when === 'before')
const never = new AbortController().signal
const plan = parsePlan(await readFile(file, 'utf8'), file)
const result = await applyPlan({admin, store, who: {user: 'test', host: hostname(), pid: process.pid}}, plan, {
  budgets: {drainMs: 30_000, attachMs: 30_000, gapMs: null},
  soak: {forMs: 0, goesBack: true},
  openSeat: () => Promise.resolve(null),
  hooks: null,
  interrupt: never,
  stop: never,
  report: () => undefined,
  isPostponed: false,
})
await admin.close()
process.stdout.write(`${result.state}\n`)
