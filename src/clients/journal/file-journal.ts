import {access, constants, link, mkdir, open, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {Unreachable} from '../../errors.js'
import type {Claim, Heartbeat, JournalLine, JournalStore, Subject} from './journal-store.js'
import {sha256} from '../../digest.js'
import {suggestedCommand} from '../../suggested-command.js'

const ENDING = '.ndjson'

/** The journal in files: one NDJSON file per migration, one small file per claim and per heartbeat. */
export class FileJournal implements JournalStore {
  readonly place: string
  private readonly folder: string

  /** @param folder created when the first migration starts. */
  constructor(folder: string) {
    this.folder = folder
    this.place = `file:${folder}`
  }

  /** @throws Unreachable E_JOURNAL_UNUSABLE when the folder cannot be created or written. */
  async create(migrationId: string): Promise<void> {
    try {
      await mkdir(this.folder, {recursive: true})
      await access(this.folder, constants.W_OK)
    } catch (error) {
      const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new Unreachable('E_JOURNAL_UNUSABLE', `cannot write to the journal folder ${this.folder} (${cause})`, {
        data: {place: this.place, cause},
        next: ['set another folder with --journal file:DIRECTORY or KEYSHIFT_JOURNAL'],
        cause: error,
      })
    }
    await writeDurably(this.path(migrationId), 'wx', '')
  }

  async append(migrationId: string, lines: readonly JournalLine[]): Promise<number> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    // The next line must not be appended to a line that a crash cut off.
    const isTorn = /[^\n]$/.test(await this.text(migrationId))
    await writeDurably(this.path(migrationId), 'a', isTorn ? `\n${text}` : text)
    return (await this.read(migrationId)).findLastIndex(({hash}) => hash === lines[0]?.hash)
  }

  async read(migrationId: string, from = 0): Promise<JournalLine[]> {
    return parseLines(await this.text(migrationId)).slice(from)
  }

  async remove(migrationId: string): Promise<void> {
    await rm(this.path(migrationId), {force: true})
  }

  async list(): Promise<string[]> {
    const files = await unless('ENOENT', readdir(this.folder), [])
    return files
      .filter((file) => file.endsWith(ENDING))
      .map((file) => decodeURIComponent(file.slice(0, -ENDING.length)))
      .toSorted()
  }

  async claim(claim: Claim): Promise<Claim> {
    const path = this.claimPath(claim.subject)
    const draft = `${path}.${claim.migrationId}`
    await writeDurably(draft, 'w', JSON.stringify(claim))
    try {
      // A link appears with its complete content or not at all, so no process reads half a claim.
      const isTaken = await unless(
        'EEXIST',
        link(draft, path).then(() => true),
        false,
      )
      return isTaken ? claim : ((await this.holder(claim.subject))?.claim ?? (await this.claim(claim)))
    } finally {
      await rm(draft, {force: true})
    }
  }

  async holder(subject: Subject): Promise<{claim: Claim; heartbeat: Heartbeat | null} | null> {
    const claim = await readJson<Claim>(this.claimPath(subject))
    return claim && {claim, heartbeat: await readJson<Heartbeat>(this.beatPath(subject))}
  }

  async writeHeartbeat({subject}: Claim, heartbeat: Heartbeat): Promise<void> {
    const path = this.beatPath(subject)
    await writeFile(`${path}.${String(process.pid)}`, JSON.stringify(heartbeat))
    await rename(`${path}.${String(process.pid)}`, path)
  }

  async release({migrationId, subject}: Claim): Promise<void> {
    if ((await this.holder(subject))?.claim.migrationId !== migrationId) return
    await rm(this.beatPath(subject), {force: true})
    await rm(this.claimPath(subject), {force: true})
  }

  private async text(migrationId: string): Promise<string> {
    const text = await unless('ENOENT', readFile(this.path(migrationId), 'utf8'), null)
    if (text !== null) return text
    throw new Unreachable('E_MIGRATION_NOT_FOUND', `no migration ${migrationId} in ${this.place}`, {
      data: {migrationId, place: this.place},
      next: [suggestedCommand('migrate', 'list')],
    })
  }

  private path(migrationId: string): string {
    // An id comes from the command line. It must name a file of this folder only.
    return join(this.folder, `${encodeURIComponent(migrationId)}${ENDING}`)
  }

  private claimPath(subject: Subject): string {
    return join(this.folder, `${nameOf(subject)}.claim`)
  }

  private beatPath(subject: Subject): string {
    return join(this.folder, `${nameOf(subject)}.beat`)
  }
}

function nameOf({cluster, topic}: Subject): string {
  return sha256(JSON.stringify([cluster, topic])).slice(0, 32)
}

async function writeDurably(path: string, flags: 'a' | 'w' | 'wx', text: string): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A line that is not JSON was cut off by a crash before append() returned, so it does not count. */
function parseLines(text: string): JournalLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalLine]
    } catch {
      return []
    }
  })
}

async function readJson<T>(path: string): Promise<T | null> {
  const text = await unless('ENOENT', readFile(path, 'utf8'), null)
  return text === null ? null : (JSON.parse(text) as T)
}

async function unless<T, D>(code: string, action: Promise<T>, otherwise: D): Promise<D | T> {
  try {
    return await action
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return otherwise
    throw error
  }
}
