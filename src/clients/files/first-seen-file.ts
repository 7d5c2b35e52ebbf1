import {readFile} from 'node:fs/promises'

import {Usage} from '../../errors.js'
import {replaceFile, requireReplaceable} from './replace-file.js'

/**
 * One observation of a lock, times in epoch ms; `expiresAtMs` is −1 for a lock that never expires. `renewedToMs` is the TTL
 * after the last renewal that was seen, null when none was seen.
 */
interface StoredSample {
  readonly atMs: number
  readonly expiresAtMs: number
  readonly firstSeenMs: number
  readonly renewedToMs: number | null
}

const FORMAT = 'keyshift.first-seen/v2'

/**
 * The locks of earlier runs, in a file with one line each: id, first seen, last seen, expiry at that time, and the TTL
 * after the last renewal or `-`. Locks that are not seen again are removed on save.
 */
export class FirstSeenFile {
  private readonly path: string
  private readonly before: ReadonlyMap<string, StoredSample>
  private readonly now = new Map<string, StoredSample>()

  private constructor(path: string, before: ReadonlyMap<string, StoredSample>) {
    this.path = path
    this.before = before
  }

  /** A missing file is empty. @throws Usage E_FIRST_SEEN when the file has another format, or cannot be read or replaced. */
  static async open(path: string): Promise<FirstSeenFile> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw unusable(path, (error as Error).message)
    })
    await requireReplaceable(path).catch((error: unknown) => {
      throw unusable(path, (error as Error).message)
    })
    if (text === '') return new FirstSeenFile(path, new Map())
    const [head, ...lines] = text.trimEnd().split('\n')
    if (head !== FORMAT) throw unusable(path, `it does not start with ${FORMAT}`)
    return new FirstSeenFile(path, new Map(lines.map((line, at) => parseLine(line, path, at + 2))))
  }

  get(id: string): StoredSample | null {
    return this.before.get(id) ?? null
  }

  keep(id: string, sample: StoredSample): void {
    this.now.set(id, sample)
  }

  /** @throws Usage E_FIRST_SEEN when the file cannot be replaced. */
  async save(): Promise<void> {
    await replaceFile(this.path, linesOf(this.now)).catch((error: unknown) => {
      throw unusable(this.path, (error as Error).message)
    })
  }
}

function* linesOf(looks: ReadonlyMap<string, StoredSample>): Generator<string> {
  yield `${FORMAT}\n`
  for (const [id, {atMs, expiresAtMs, firstSeenMs, renewedToMs}] of looks) {
    yield `${id} ${String(firstSeenMs)} ${String(atMs)} ${String(expiresAtMs)} ${String(renewedToMs ?? '-')}\n`
  }
}

function parseLine(line: string, path: string, number: number): [string, StoredSample] {
  const [, id = '', firstSeen, at, expiresAt, renewedTo] = /^([\w-]{16}) (\d+) (\d+) (-?\d+) (\d+|-)$/.exec(line) ?? []
  if (id === '') throw unusable(path, `line ${String(number)} has another format`)
  return [
    id,
    {
      atMs: Number(at),
      expiresAtMs: Number(expiresAt),
      firstSeenMs: Number(firstSeen),
      renewedToMs: renewedTo === '-' ? null : Number(renewedTo),
    },
  ]
}

function unusable(path: string, reason: string): Usage {
  return new Usage('E_FIRST_SEEN', `${path} cannot be used as the --first-seen file: ${reason}`, {data: {path, reason}})
}
