// Runs as a child process: applies a plan and halts before or after a line of its journal until the parent sends a message.
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {hostname} from 'node:os'

import {exitCodeOf} from '../../src/cli/exit-codes.js'
import {ClusterJournal} from '../../src/clients/journal/cluster-journal.js'
import type {Claim, Heartbeat, JournalLine, JournalStore, Subject} from '../../src/clients/journal/journal-store.js'
import {PulsarAdmin} from '../../src/clients/pulsar-admin/admin.js'
import {WebSocketTransport} from '../../src/clients/pulsar-messages/websocket.js'
import {applyPlan} from '../../src/domain/migration/run/run-migration.js'
import {parsePlan} from '../../src/domain/migration/plan/parse-plan.js'

/** The cluster journal, but with each line written separately, so that a run can halt within a batch. */
class HaltingJournal implements JournalStore {
  readonly place = 'cluster'
  private readonly inner: JournalStore
  private readonly haltAt: string
  private readonly isBefore: boolean
  private written = 0
  private hasHalted = false

  /** @param haltAt the number of a line from 0, or its step and phase: `disconnect intent`. */
  constructor(inner: JournalStore, haltAt: string, isBefore: boolean) {
    this.inner = inner
    this.haltAt = haltAt
    this.isBefore = isBefore
  }

  async append(migrationId: string, lines: readonly JournalLine[]): Promise<number> {
    let first = -1
    for (const line of lines) {
      const isHere = !this.hasHalted && namesOf(line, this.written).includes(this.haltAt)
      if (isHere && this.isBefore) await this.halt()
      const at = await this.inner.append(migrationId, [line])
      if (first === -1) first = at
      if (isHere && !this.isBefore) await this.halt()
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
  writeHeartbeat = (claim: Claim, heartbeat: Heartbeat): Promise<void> => this.inner.writeHeartbeat(claim, heartbeat)
  release = (claim: Claim): Promise<void> => this.inner.release(claim)

  private async halt(): Promise<void> {
    this.hasHalted = true
    const continued = once(process, 'message')
    process.send?.('halted')
    await continued
  }
}

function namesOf(line: JournalLine, number: number): string[] {
  return [String(number), ...(line.kind === 'entry' ? [`${line.step} ${line.phase}`] : [])]
}

const [adminUrl = '', webSocketUrl = '', file = '', haltAt = '', when = ''] = process.argv.slice(2)
const admin = new PulsarAdmin({url: adminUrl})
const transport = new WebSocketTransport({url: webSocketUrl})
const store = new HaltingJournal(new ClusterJournal(admin, null), haltAt, when === 'before')
const never = new AbortController().signal
const plan = parsePlan(await readFile(file, 'utf8'), file)
try {
  const {findings} = await applyPlan({admin, store, who: {user: 'test', host: hostname(), pid: process.pid}}, plan, {
    budgets: {drainMs: 30_000, attachMs: 30_000, gapMs: null},
    soak: {forMs: 0, rollsBack: true},
    openPlaceholder: (topic, subscription) => transport.reserveSubscription(topic, subscription).catch(() => null),
    hooks: null,
    interrupt: never,
    stop: never,
    report: () => undefined,
    isPostponed: false,
  })
  process.stderr.write(
    `findings: ${findings.map(({code, evidence}) => `${code} ${evidence[0]?.value ?? ''}`).join(', ')}\n`,
  )
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = exitCodeOf(error)
} finally {
  await Promise.all([admin.close(), transport.close()])
}
