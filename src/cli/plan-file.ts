import {readFile, writeFile} from 'node:fs/promises'

import type {MigrationPlan} from '../domain/migration/plan.js'
import {Usage} from '../errors.js'

/** @throws Usage E_PLAN_FILE when the file can't be read. */
export async function readPlanFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw planFileError(file, 'read', error)
  }
}

/** @throws Usage E_PLAN_FILE when the file can't be written. */
export async function writePlanFile(file: string, plan: MigrationPlan): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`)
  } catch (error) {
    throw planFileError(file, 'written', error)
  }
}

function planFileError(file: string, verb: string, error: unknown): Usage {
  const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const next = [`keyshift migrate plan TOPIC SUB --to TYPE -o plan.json`]
  return new Usage('E_PLAN_FILE', `the plan file ${file} can't be ${verb} (${cause})`, {
    data: {file},
    next,
    cause: error,
  })
}
