// Runs alone: a busy machine makes the leases of the workers end early.
import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {LockReleaseAnswer} from '../../../../src/commands/locks/release.js'
import type {LockRecord} from '../../../../src/domain/locks/recognition/lock-record.js'
import {holdBy, type Holding, redissonClasspath} from '../../../support/fleets/held-locks.js'
import {goProgram, javaProgram, nodeProgram, type Program, pythonProgram} from '../../../support/fleets/programs.js'
import {mulberry32} from '../../../support/fleets/seed.js'
import {closeFirst, live, type Place, until} from '../../../support/servers/live.js'
import {runCli} from '../../../support/shells/cli.js'
import {suggestedIn} from '../../../support/shells/pasted.js'

const DURATION_MS = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 600_000 : 30_000
const KILL_EVERY_MS = 10_000
/** Workers hold a lock for up to 1.6 s. */
const MAX_HOLD = '5s'

const classpath = redissonClasspath()
const PROGRAMS: Readonly<Record<string, Program | null>> = {
  node: nodeProgram('lock-workers.mjs'),
  python: pythonProgram('lock_workers.py'),
  go: goProgram('workers'),
  java: classpath === null ? null : javaProgram('RedissonWorkers.java', classpath),
}
const missing = Object.entries(PROGRAMS).flatMap(([name, program]) => (program === null ? [name] : []))

/** Processes with workers, one of each program. Each process has an id of its own. */
class Workers {
  private readonly place: Place
  private readonly counters: string
  private readonly running = new Map<string, {id: string; holding: Holding}>()
  private started = 0

  constructor(place: Place, counters: string) {
    this.place = place
    this.counters = counters
  }

  get names(): string[] {
    return [...this.running.keys()]
  }

  get ids(): string[] {
    return [...this.running.values()].map(({id}) => id)
  }

  async start(name: string, program: Program): Promise<void> {
    const {addresses, keyPrefix} = this.place
    const id = `${name}-${String(this.started++)}`
    const wanted = {redisUrl: addresses.redisUrl, prefix: keyPrefix, counters: this.counters, id}
    this.running.set(name, {id, holding: await holdBy(program, wanted)})
  }

  /** Kills a process while its workers hold locks. */
  async kill(name: string): Promise<void> {
    const found = this.running.get(name)
    assert.ok(found)
    this.running.delete(name)
    await this.place.redis.sadd(`${this.counters}killed`, found.id)
    await found.holding.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.running.values()].map(({holding}) => holding.close()))
  }
}

/** Runs the commands that the documents and the output suggest, and counts what they release. */
class Recipes {
  readonly released: Record<string, number> = {}
  private readonly place: Place
  private readonly random = mulberry32(7)
  /** of the last scan, the lock without a TTL that has been held longest */
  private worst: string | null = null

  constructor(place: Place) {
    this.place = place
  }

  /** docs/LOCKS.md, "Release safely": scan, plan for the whole scan, execute. */
  async scanAndRelease(...how: string[]): Promise<void> {
    const {folder, keyPrefix} = this.place
    const [file, seen] = [join(folder, 'scan.ndjson'), join(folder, 'seen')]
    const scan = await runCli([
      ...['locks', 'scan', '--pattern', `*${keyPrefix}*`, '--first-seen', seen, '--output', 'ndjson', ...how],
    ])
    assert.equal(scan.code, 0, scan.stderr)
    await writeFile(file, scan.stdout)
    const locks = scan.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LockRecord]))
    const endless = locks.filter(({verdicts}) => verdicts.includes('no-ttl'))
    const [worst] = endless.toSorted((a, b) => (b.heldAtLeastMs ?? 0) - (a.heldAtLeastMs ?? 0))
    this.worst = worst?.key ?? null
    if (locks.length > 0) await this.planAndExecute('--scan', file, '--max-hold', MAX_HOLD)
  }

  /** The commands below `next:` for any lock, and for the worst one of the last scan; then those below their plans. */
  async followInspect(): Promise<void> {
    const keys = (await this.place.redis.keys(`*${this.place.keyPrefix}*`)).toSorted()
    const any = keys[Math.floor(this.random() * keys.length)] ?? null
    for (const key of [any, this.worst]) if (key !== null) await this.inspect(key)
  }

  private async inspect(key: string): Promise<void> {
    const {stdout} = await runCli(['locks', 'inspect', key, '--max-hold', MAX_HOLD])
    for (const command of suggestedIn(stdout)) {
      const words = command.split(' ').slice(1)
      if (words[1] === 'release' && !command.includes('TOKEN'))
        await this.planAndExecute(...words.slice(2, words.indexOf('-o')))
    }
    await this.planAndExecute(key, '--max-hold', MAX_HOLD)
  }

  private async planAndExecute(...what: string[]): Promise<void> {
    const {folder} = this.place
    const [plan, log] = [join(folder, 'plan.json'), join(folder, 'audit.ndjson')]
    const planned = await runCli(['locks', 'release', ...what, '--grace', '2s', '-o', plan])
    assert.equal(planned.code, 0, planned.stderr)
    const execute = ['locks', 'release', '--execute', plan, '--reason', 'soak', '--yes', '--json']
    const run = await runCli([...execute, '--audit-log', log])
    assert.ok(run.code === 0 || run.code === 8, run.stdout)
    if (run.code !== 0) return
    const {result} = JSON.parse(run.stdout) as {result: LockReleaseAnswer}
    for (const {action, result: outcome} of result.executed?.releases ?? []) {
      const name = outcome === 'released' ? action : outcome
      this.released[name] = (this.released[name] ?? 0) + 1
    }
  }
}

test(
  `40 workers of 8 libraries, ${String(DURATION_MS / 1000)} s: no suggested command releases the lock of an active holder, and all locks of killed holders become free`,
  {skip: missing.length > 0 ? `not available here: ${missing.join(', ')}` : false},
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    const counters = `count-${keyPrefix.replaceAll(':', '')}-`
    const workers = new Workers(place, counters)
    closeFirst(t, async () => {
      await workers.close()
      const keys = [...(await redis.keys(`*${keyPrefix}*`)), ...(await redis.keys(`${counters}*`))]
      if (keys.length > 0) await redis.del(...keys)
    })
    const start = async (name: string): Promise<void> => {
      const program = PROGRAMS[name]
      assert.ok(program)
      await workers.start(name, program)
    }
    await Promise.all(Object.keys(PROGRAMS).map(start))
    const recipes = new Recipes(place)
    const endAt = Date.now() + DURATION_MS
    let [killAt, kills] = [Date.now() + KILL_EVERY_MS, 0]
    while (Date.now() < endAt) {
      await recipes.scanAndRelease('--observe', '3s')
      await recipes.followInspect()
      await recipes.scanAndRelease()
      if (Date.now() < killAt) continue
      const name = workers.names[kills++ % workers.names.length] ?? ''
      await workers.kill(name)
      await start(name)
      killAt = Date.now() + KILL_EVERY_MS
    }
    const stoppedAt = Date.now()
    let working: string[] = []
    try {
      await until('each worker to get a lock again', async () => {
        await recipes.scanAndRelease('--observe', '3s')
        await recipes.followInspect()
        const progress = Object.entries(await redis.hgetall(`${counters}progress`))
        working = progress.flatMap(([worker, at]) => (Number(at) > stoppedAt ? [worker] : []))
        return working.filter((worker) => workers.ids.some((id) => worker.startsWith(`${id}/`))).length === 40
      })
    } finally {
      t.diagnostic(
        JSON.stringify({kills, ...recipes.released, working: working.length === 40 ? 'all' : working.toSorted()}),
      )
    }
    assert.deepEqual(await redis.lrange(`${counters}violations`, 0, -1), [])
    assert.ok((await readFile(join(place.folder, 'audit.ndjson'), 'utf8')).length > 0)
  }),
)
