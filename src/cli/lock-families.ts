import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {Flags} from '@oclif/core'

import type {LockFamilies} from '../domain/locks/families/family.js'
import {Usage} from '../errors.js'

export const familiesFlag = {
  families: Flags.string({
    description: 'lock formats of your own: a JSON file as schemas/lock-families.json describes it',
    helpValue: 'FILE',
  }),
}

/**
 * A user's families; none where there is no file.
 *
 * @param root where this package lies, with its schemas.
 * @throws Usage E_LOCK_FAMILIES that says what in the file is wrong.
 */
export async function ownFamilies(root: string, file: string | undefined): Promise<LockFamilies> {
  if (file === undefined) return []
  const families = parse(file, await readFile(file, 'utf8').catch((error: unknown) => refuse(file, error)))
  const {Ajv} = await import('ajv') // takes its time, and few need it
  const schema = JSON.parse(await readFile(join(root, 'schemas', 'lock-families.json'), 'utf8')) as object
  const ajv = new Ajv({strict: false, allErrors: true})
  if (!ajv.validate<LockFamilies>(schema, families)) refuse(file, ajv.errorsText(ajv.errors, {dataVar: 'families'}))
  return families
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return refuse(file, error)
  }
}

function refuse(file: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause)
  throw new Usage('E_LOCK_FAMILIES', `the lock families in ${file} can't be used: ${reason}`, {
    data: {file, reason},
    next: ['see schemas/lock-families.json, and docs/LOCKS.md for an example'],
  })
}
