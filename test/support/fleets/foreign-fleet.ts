import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'

import type {Workload} from '../../../src/domain/lab/workload.js'
import type {MigratableType} from '../../../src/domain/migration/strategy.js'
import {brokerClasspath, goProgram, javaProgram, type Program, pythonProgram} from './programs.js'

const PYTHON = 'foreign_fleet.py'

export const CLIENTS = ['go', 'java', 'python'] as const
export type Client = (typeof CLIENTS)[number]

export interface ForeignFleetOptions {
  readonly serviceUrl: string
  readonly subscription: string
  readonly type: MigratableType
  readonly names: readonly string[]
}

interface Said {
  readonly event: 'connected' | 'handled' | 'refused'
  readonly consumer: string
  readonly sequence: number
  readonly key: string
  readonly receivedAt: number
  readonly startedAt: number
  readonly endedAt: number
}

/** Consumers of another client library in a separate process. A workload counts their messages. */
export class ForeignFleet {
  readonly connected = new Set<string>()
  /** the number of refused subscribe attempts */
  refusals = 0
  /** when it last received a message, epoch ms */
  lastHandledAt = 0
  private readonly child: ChildProcess
  private readonly closed: Promise<unknown>
  private errors = ''

  private constructor(child: ChildProcess, workload: Workload, fleet: 'new' | 'old') {
    this.child = child
    this.closed = once(child, 'close')
    assert.ok(child.stdout && child.stderr)
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString('utf8')).slice(-2000)
    })
    createInterface({input: child.stdout}).on('line', (line) => {
      const {consumer, event, ...handling} = JSON.parse(line) as Said
      if (event === 'connected') this.connected.add(consumer)
      if (event === 'refused') this.refusals++
      if (event !== 'handled') return
      this.lastHandledAt = handling.receivedAt
      workload.counts.handled({...handling, consumer, fleet})
    })
  }

  static async start(
    client: Client,
    workload: Workload,
    fleet: 'new' | 'old',
    options: ForeignFleetOptions,
  ): Promise<ForeignFleet> {
    const wanted = {...options, topic: workload.topic.full, workMs: 5, slowEvery: 97, slowMs: 60, retryMs: 250}
    const {args, command, env} = await programOf(client)
    const child = spawn(command, [...args, JSON.stringify(wanted)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {...process.env, ...env},
    })
    return new ForeignFleet(child, workload, fleet)
  }

  /** Stops the process after it has acknowledged the messages that it is processing. */
  async close(): Promise<void> {
    this.child.stdin?.end()
    const [code] = (await this.closed) as [number | null]
    assert.equal(code, 0, this.errors)
  }
}

/** Why a client library is not available; null if it is. */
export function missing(client: Client): string | null {
  if (client === 'java') return null // the stack requires Java
  if (client === 'go') return goProgram('fleet') ? null : 'Go or the modules are not available'
  return pythonProgram(PYTHON) ? null : 'pip cannot install the Python packages'
}

async function programOf(client: Client): Promise<Program> {
  const found = {
    go: () => goProgram('fleet'),
    java: async () => javaProgram('ForeignFleet.java', await brokerClasspath()),
    python: () => pythonProgram(PYTHON),
  }[client]
  const program = await found()
  assert.ok(program, String(missing(client)))
  return program
}
