import {access, constants, mkdir, open, readdir, readFile, rm, truncate} from 'node:fs/promises'
import {hostname} from 'node:os'
import {join} from 'node:path'

import {Conflict, Unreachable} from '../../errors.js'
import {type Actor, type Claim, firstBroken, type JournalEntry, type JournalStore, sha256} from './journal.js'

const ENDING = '.ndjson'

/** The journal as files: one NDJSON file for each migration, one small file for each claim. */
export class FileJournal implements JournalStore {
  readonly place: string

  /** @param directory made when the first migration is written. */
  constructor(directory: string) {
    this.place = directory
  }

  async claim(subject: string, claim: Claim, isTakeOver: boolean): Promise<void> {
    await this.prepare()
    try {
      await writeDurably(this.claimPath(subject), 'wx', JSON.stringify(claim))
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
      await this.claimAgain(subject, claim, isTakeOver)
    }
  }

  async release(subject: string, migrationId: string): Promise<void> {
    const held = await this.heldBy(subject)
    if (held?.migrationId === migrationId) await rm(this.claimPath(subject), {force: true})
  }

  async append(migrationId: string, entry: JournalEntry): Promise<void> {
    await dropTornLine(this.path(migrationId))
    await writeDurably(this.path(migrationId), 'a', `${JSON.stringify(entry)}\n`)
  }

  async read(migrationId: string): Promise<JournalEntry[]> {
    const entries = parseLines(await this.text(migrationId), migrationId)
    const broken = firstBroken(entries)
    if (broken !== null) throw journalBroken(migrationId, broken)
    return entries
  }

  async list(): Promise<string[]> {
    try {
      const files = await readdir(this.place)
      return files
        .filter((file) => file.endsWith(ENDING))
        .map((file) => file.slice(0, -ENDING.length))
        .toSorted()
    } catch (error) {
      if (isCode(error, 'ENOENT')) return []
      throw error
    }
  }

  /** @throws Unreachable E_JOURNAL_UNUSABLE when the folder can't be made or written to. */
  private async prepare(): Promise<void> {
    try {
      await mkdir(this.place, {recursive: true})
      await access(this.place, constants.W_OK)
    } catch (error) {
      const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new Unreachable('E_JOURNAL_UNUSABLE', `the journal's folder ${this.place} can't be written to (${cause})`, {
        data: {place: this.place, cause},
        next: ['give another one with --journal file:DIRECTORY or KEYSHIFT_JOURNAL'],
        cause: error,
      })
    }
  }

  private async claimAgain(subject: string, claim: Claim, isTakeOver: boolean): Promise<void> {
    const held = await this.heldBy(subject)
    const isOurs = held?.migrationId === claim.migrationId
    if (!held || !(await this.mayClaim(held, isOurs, isTakeOver))) throw claimed(held, isOurs)
    await rm(this.claimPath(subject))
    await writeDurably(this.claimPath(subject), 'wx', JSON.stringify(claim))
  }

  /** Our own when its process is gone; another's only when that died before it wrote its first entry. */
  private async mayClaim(held: Claim, isOurs: boolean, isTakeOver: boolean): Promise<boolean> {
    if (isOurs) return isTakeOver || isGone(held.who)
    return isGone(held.who) && !(await this.list()).includes(held.migrationId)
  }

  private async heldBy(subject: string): Promise<Claim | null> {
    try {
      return JSON.parse(await readFile(this.claimPath(subject), 'utf8')) as Claim
    } catch (error) {
      if (isCode(error, 'ENOENT') || error instanceof SyntaxError) return null
      throw error
    }
  }

  private async text(migrationId: string): Promise<string> {
    try {
      return await readFile(this.path(migrationId), 'utf8')
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error
      throw new Unreachable('E_MIGRATION_NOT_FOUND', `there is no migration ${migrationId} in ${this.place}`, {
        data: {migrationId, place: this.place},
        next: ['keyshift migrate status'],
      })
    }
  }

  private path(migrationId: string): string {
    // An id comes from the command line: it names a file here and nothing else.
    return join(this.place, `${encodeURIComponent(migrationId)}${ENDING}`)
  }

  private claimPath(subject: string): string {
    return join(this.place, `${sha256(subject).slice(0, 32)}.claim`)
  }
}

async function writeDurably(path: string, flags: 'a' | 'wx', text: string): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A last line without its newline was cut off by a crash before append() returned: it never counted. */
async function dropTornLine(path: string): Promise<void> {
  const text = await readFile(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return Buffer.alloc(0)
    throw error
  })
  const whole = text.lastIndexOf('\n') + 1
  if (whole < text.length) await truncate(path, whole)
}

function parseLines(text: string, migrationId: string): JournalEntry[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => {
      try {
        return JSON.parse(line) as JournalEntry
      } catch {
        throw journalBroken(migrationId, at)
      }
    })
}

function claimed(held: Claim | null, isOurs: boolean): Conflict {
  const holder = held
    ? `${held.migrationId}, run by ${held.who.user}@${held.who.host} pid ${String(held.who.pid)} since ${held.since}`
    : 'another run'
  const next = held ? [`keyshift migrate status ${held.migrationId}`] : []
  if (held) next.push(`keyshift migrate resume ${held.migrationId}${isOurs ? ' --take-over' : ''}`)
  return new Conflict('E_CLAIMED', `this subscription is being migrated by ${holder}`, {data: {...held}, next})
}

/** Whether the process is known to be gone: it was on this host and is no more. Another host's can't be seen. */
function isGone({host, pid}: Actor): boolean {
  if (host !== hostname()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return isCode(error, 'ESRCH')
  }
}

function journalBroken(migrationId: string, at: number): Conflict {
  return new Conflict(
    'E_JOURNAL_BROKEN',
    `the journal of ${migrationId} was altered: entry ${String(at)} does not fit the one before`,
    {
      data: {migrationId, entry: at},
    },
  )
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
