import {readFile} from 'node:fs/promises'

import {Flags} from '@oclif/core'

import type {LockFamilies} from '../../domain/locks/families/family.js'
import {Usage} from '../../errors.js'
import {schemaErrors} from '../files/schema-validation.js'
import {messageOf} from '../../wording.js'

export const familiesFlag = {
  families: Flags.string({
    description: 'JSON file with additional lock formats (schemas/lock-families.json)',
    helpValue: 'FILE',
  }),
}

/**
 * The lock families in the user's file; an empty list without a file.
 *
 * @param root folder of this package, which contains its schemas.
 * @throws Usage E_LOCK_FAMILIES with the reason why the file is invalid.
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
  throw new Usage('E_LOCK_FAMILIES', `the lock families in ${file} are invalid: ${reason}`, {
    data: {file, reason},
    next: ['see schemas/lock-families.json for the format and docs/LOCKS.md for an example'],
  })
}
