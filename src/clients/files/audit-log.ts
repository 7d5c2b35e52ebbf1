import {createReadStream} from 'node:fs'
import {type FileHandle, mkdir, open} from 'node:fs/promises'
import {dirname} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as delay} from 'node:timers/promises'

import {Conflict, KeyshiftError, Usage} from '../../errors.js'
import {AuditChain, type AuditFacts, CUT_OFF} from './audit-chain.js'

export interface AuditReport {
  file: string
  lines: number
  /** lines that do not count, because another process wrote at the same moment; their writers wrote them again */
  overtakenLines: number
  firstAt: string | null
  lastAt: string | null
  /** hash of the last line; a copy of it stored elsewhere detects lines that were removed from the end */
  lastHash: string | null
}

/** Another process may be writing the rest of a line; after this time without a change the line was cut off. */
const CUT_OFF_AFTER_MS = 500
const RACE_PAUSE_MS = 20
const CHUNK = 65_536

/**
 * An append-only file: one line of JSON per decision, each with the hash of the one before. Several processes may append at
 * once: a line whose place another process took is written again.
 */
export class AuditLog {
  private readonly path: string
  private readonly file: FileHandle
  private readonly chain = new AuditChain()
  private position = 0
  /** the bytes after the last complete line */
  private rest = Buffer.alloc(0)

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.file = file
  }

  /**
   * Opens a log for writing, and creates a missing one. If its last line was cut off, by a crash or a full disk, the first line
   * that is appended records that.
   *
   * @throws Conflict E_AUDIT_BROKEN when it was modified; Usage E_AUDIT_LOG when it cannot be written.
   */
  static async open(path: string): Promise<AuditLog> {
    try {
      await mkdir(dirname(path), {recursive: true})
      const log = new AuditLog(path, await open(path, 'a+', 0o600))
      try {
        await log.catchUp()
        return log
      } catch (error) {
        await log.close()
        throw error
      }
    } catch (error) {
      if (error instanceof KeyshiftError) throw error
      throw new Usage('E_AUDIT_LOG', `cannot write ${path}: ${(error as Error).message}`, {data: {file: path}})
    }
  }

  /** The line is durable when the promise resolves. @throws Conflict E_AUDIT_BROKEN when the log was modified in the meantime. */
  async append(facts: AuditFacts): Promise<void> {
    for (;;) {
      await this.catchUp()
      if (await this.endsInFragment()) await this.file.appendFile('\n')
      await this.catchUp()
      const cutOffLine = this.chain.unrecorded
      const {hash, text} = this.chain.next(cutOffLine === null ? facts : {event: CUT_OFF, ...cutOffLine})
      await this.file.appendFile(text)
      await this.file.datasync()
      await this.catchUp()
      if (cutOffLine === null && this.chain.has(hash)) return
      await delay(Math.random() * RACE_PAUSE_MS)
    }
  }

  close(): Promise<void> {
    return this.file.close()
  }

  /** Reads what was appended since the last time. */
  private async catchUp(): Promise<void> {
    for (;;) {
      const {buffer, bytesRead} = await this.file.read(Buffer.alloc(CHUNK), 0, CHUNK, this.position)
      if (bytesRead === 0) return
      this.position += bytesRead
      const data = Buffer.concat([this.rest, buffer.subarray(0, bytesRead)])
      const end = data.lastIndexOf(0x0a) + 1
      this.rest = data.subarray(end)
      const lines = data.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
      for (const line of lines) {
        const at = this.chain.take(line)
        if (at !== null) throw broken(this.path, at)
      }
    }
  }

  /** Whether the last line has no end, and no process is writing the rest. */
  private async endsInFragment(): Promise<boolean> {
    while (this.rest.length > 0) {
      const before = this.position
      await delay(CUT_OFF_AFTER_MS)
      await this.catchUp()
      if (this.position === before) return true
    }
    return false
  }
}

/**
 * Reads a log from its beginning and verifies the hash chain.
 *
 * @throws Conflict E_AUDIT_BROKEN with the first line that does not match; Conflict E_AUDIT_CUT_OFF when the last line was cut off,
 *   which the next release records; Usage E_AUDIT_LOG when it cannot be read.
 */
export async function verifyAuditLog(path: string): Promise<AuditReport> {
  const chain = new AuditChain()
  try {
    for await (const text of createInterface({input: createReadStream(path), crlfDelay: Infinity})) {
      const at = chain.take(text)
      if (at !== null) throw broken(path, at)
    }
  } catch (error) {
    if (error instanceof Conflict) throw error
    const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Usage('E_AUDIT_LOG', `the audit log ${path} cannot be read (${cause})`, {data: {file: path}})
  }
  const {firstAt, lastAt, lastHash, lines, overtaken, unrecorded} = chain
  if (unrecorded !== null) throw cutOff(path, unrecorded.line)
  return {file: path, lines, overtakenLines: overtaken, firstAt, lastAt, lastHash}
}

function broken(path: string, line: number): Conflict {
  return new Conflict(
    'E_AUDIT_BROKEN',
    `${path} was altered or damaged: line ${String(line)} does not continue the hash chain`,
    {
      data: {file: path, line},
      next: ['keep the file as evidence, and start a new log: --audit-log FILE'],
    },
  )
}

function cutOff(path: string, line: number): Conflict {
  return new Conflict(
    'E_AUDIT_CUT_OFF',
    `${path}: the last line, ${String(line)}, was cut off, for example by a crash or a full disk; all lines before it are intact`,
    {
      data: {file: path, line},
      next: ['nothing has to be repaired: the next release records the cut-off line, and then the log is intact'],
    },
  )
}
