import {readFile, writeFile} from 'node:fs/promises'

import type {DiagnosisSnapshot} from '../../domain/doctor/facts/diagnosis-snapshot.js'
import {Usage} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import {messageOf} from '../../wording.js'

const NEXT = [suggestedCommand('doctor', 'TOPIC', 'SUB', '--snapshot', 'FILE')]

/** @throws Usage E_SNAPSHOT_FILE when the file cannot be read, or is not a snapshot. */
export async function readSnapshot(file: string): Promise<DiagnosisSnapshot> {
  let parsed: Partial<DiagnosisSnapshot> | null
  try {
    parsed = JSON.parse(await readFile(file, 'utf8')) as Partial<DiagnosisSnapshot> | null
  } catch (error) {
    const cause = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
    throw new Usage('E_SNAPSHOT_FILE', `the snapshot file ${file} cannot be read (${cause})`, {
      data: {file},
      next: NEXT,
      cause: error,
    })
  }
  if (parsed?.format !== 'keyshift.diagnosis-snapshot/v1') {
    throw new Usage('E_SNAPSHOT_FILE', `${file} is not a snapshot of keyshift doctor`, {data: {file}, next: NEXT})
  }
  return parsed as DiagnosisSnapshot
}

/** @throws Usage E_SNAPSHOT_FILE when the file cannot be written. */
export async function writeSnapshot(file: string, snapshot: DiagnosisSnapshot): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(snapshot)}\n`)
  } catch (error) {
    throw new Usage('E_SNAPSHOT_FILE', `cannot write ${file}: ${(error as Error).message}`, {
      data: {file},
      cause: error,
    })
  }
}
