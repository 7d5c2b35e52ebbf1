import {readFile} from 'node:fs/promises'

import {Flags} from '@oclif/core'

import type {LockFamilies} from '../../domain/locks/families/family.js'
import {Usage} from '../../errors.js'
import {schemaErrors} from '../files/schema-validation.js'
import {messageOf} from '../../wording.js'

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
  const wrong = await schemaErrors(root, 'lock-families', families, 'families')
  if (wrong !== null) refuse(file, wrong)
  return families as LockFamilies
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return refuse(file, error)
  }
}

function refuse(file: string, cause: unknown): never {
  const reason = messageOf(cause)
  throw new Usage('E_LOCK_FAMILIES', `the lock families in ${file} can't be used: ${reason}`, {
    data: {file, reason},
    next: ['see schemas/lock-families.json, and docs/LOCKS.md for an example'],
  })
}
