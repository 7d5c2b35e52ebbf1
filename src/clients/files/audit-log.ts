import {createReadStream} from 'node:fs'
import {type FileHandle, mkdir, open} from 'node:fs/promises'
import {dirname} from 'node:path'
import {createInterface} from 'node:readline'

import {Conflict, KeyshiftError, Usage} from '../../errors.js'
import {sha256} from '../../digest.js'

/** One decision. The command that records it chooses the further fields. */
export type AuditFacts = Readonly<Record<string, unknown>>

interface AuditLine {
  readonly sequence: number
  readonly at: string
  readonly facts: AuditFacts
  /** hash of the line before; 64 zeros for the first line */
  readonly previousHash: string
  /** SHA-256 over all fields above, as they are in the line */
  readonly hash: string
}

const NONE = '0'.repeat(64)

export interface AuditReport {
  file: string
  lines: number
  firstAt: string | null
  lastAt: string | null
  /** hash of the last line; a copy of it stored elsewhere detects lines that were removed from the end */
  lastHash: string | null
}

/** An append-only file: one line of JSON per decision, each with the hash of the one before. */
export class AuditLog {
  private readonly file: FileHandle
  private last: {readonly sequence: number; readonly hash: string}

  private constructor(file: FileHandle, last: {readonly sequence: number; readonly hash: string}) {
    this.file = file
    this.last = last
  }

  /**
   * Opens a log for writing, and creates a missing one.
   *
   * @throws Conflict E_AUDIT_BROKEN when it was modified; Usage E_AUDIT_LOG when it cannot be written.
   */
  static async open(path: string): Promise<AuditLog> {
    try {
      await mkdir(dirname(path), {recursive: true})
      const file = await open(path, 'a', 0o600)
      try {
        const {lastHash, lines} = await verifyAuditLog(path)
        return new AuditLog(file, {sequence: lines - 1, hash: lastHash ?? NONE})
      } catch (error) {
        await file.close()
        throw error
      }
    } catch (error) {
      if (error instanceof KeyshiftError) throw error
      throw new Usage('E_AUDIT_LOG', `cannot write ${path}: ${(error as Error).message}`, {data: {file: path}})
    }
  }

  /** The line is durable when the promise resolves. */
  async append(facts: AuditFacts): Promise<void> {
    const body = {
      sequence: this.last.sequence + 1,
      at: new Date().toISOString(),
      facts,
      previousHash: this.last.hash,
    }
    const hash = sha256(JSON.stringify(body))
    await this.file.appendFile(`${JSON.stringify({...body, hash})}\n`)
    await this.file.datasync()
    this.last = {sequence: body.sequence, hash}
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

/**
 * Reads a log from its beginning and verifies the hash chain.
 *
 * @throws Conflict E_AUDIT_BROKEN with the first line that does not match; Usage E_AUDIT_LOG when it cannot be read.
 */
export async function verifyAuditLog(path: string): Promise<AuditReport> {
  let previous = NONE
  let lines = 0
  let firstAt: string | null = null
  let lastAt: string | null = null
  try {
    for await (const text of createInterface({input: createReadStream(path), crlfDelay: Infinity})) {
      const line = parse(text)
      const isNext = line?.sequence === lines && line.previousHash === previous && line.hash === bodyHashOf(line)
      if (!line || !isNext) throw broken(path, lines + 1)
      previous = line.hash
      firstAt ??= line.at
      lastAt = line.at
      lines++
    }
  } catch (error) {
    if (error instanceof Conflict) throw error
    const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Usage('E_AUDIT_LOG', `the audit log ${path} cannot be read (${cause})`, {data: {file: path}})
  }
  return {file: path, lines, firstAt, lastAt, lastHash: lines === 0 ? null : previous}
}

function parse(text: string): AuditLine | null {
  try {
    return JSON.parse(text) as AuditLine
  } catch {
    return null
  }
}

function bodyHashOf({at, facts, previousHash, sequence}: AuditLine): string {
  return sha256(JSON.stringify({sequence, at, facts, previousHash}))
}

function broken(path: string, line: number): Conflict {
  return new Conflict(
    'E_AUDIT_BROKEN',
    `${path} was altered or damaged: line ${String(line)} does not continue the hash chain`,
    {
      data: {file: path, line},
    },
  )
}
