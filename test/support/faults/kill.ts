import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {startCli} from '../shells/cli.js'
import {type Place, until} from '../servers/live.js'

/** Starts a migration and kills it with SIGKILL as soon as its journal contains the step. */
export async function killAt(step: string, args: readonly string[], place: Place): Promise<void> {
  const {child, finished} = startCli(args)
  await untilJournal(place, step)
  child.kill('SIGKILL')
  await finished
}

/** Waits until the newest journal of a place has an entry of the step. */
export async function untilJournal(place: Place, step: string): Promise<void> {
  const folder = join(place.folder, 'journal')
  await until(`an entry of ${step} in the journal`, async () => {
    const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.ndjson')).toSorted()
    const newest = files.at(-1)
    if (newest === undefined) return false
    const lines = (await readFile(join(folder, newest), 'utf8')).split('\n')
    return lines.some((line) => line.includes(`"step":"${step}",`))
  })
}
