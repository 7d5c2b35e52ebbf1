import {readFile, writeFile} from 'node:fs/promises'

import {Usage} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'

/** The commands that create a plan, for errors about a missing one. */
export const PLAN_COMMAND = suggestedCommand('migrate', 'plan', 'TOPIC', 'SUB', '--to', 'TYPE', '-o', 'plan.json')
export const RELEASE_PLAN_COMMAND = suggestedCommand('locks', 'release', 'KEY', '-o', 'plan.json')

/** @param howToMake the command that creates such a file. @throws Usage E_PLAN_FILE when the file cannot be read. */
export async function readPlanFile(file: string, howToMake: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw planFileError(file, 'read', howToMake, error)
  }
}

/** @throws Usage E_PLAN_FILE when the file cannot be written. */
export async function writePlanFile(file: string, plan: object, howToMake: string): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`)
  } catch (error) {
    throw planFileError(file, 'written', howToMake, error)
  }
}

function planFileError(file: string, verb: string, howToMake: string, error: unknown): Usage {
  const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new Usage('E_PLAN_FILE', `the plan file ${file} cannot be ${verb} (${cause})`, {
    data: {file},
    next: [howToMake],
    cause: error,
  })
}
