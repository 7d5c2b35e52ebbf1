import {type CompiledFamilies, compileFamilies} from './compiled.js'
import type {LockFamilies, LockFamily} from './family.js'
import {JAVA_FAMILIES} from './java.js'
import {NODE_FAMILIES} from './node.js'
import {LAST_FAMILIES, OTHER_FAMILIES} from './others.js'
import {PYTHON_FAMILIES} from './python.js'

/** In matching order: unambiguous formats first, then likely ones, and last the formats that match nearly every token. */
export const BUILTIN_FAMILIES: readonly LockFamily[] = [
  ...JAVA_FAMILIES,
  ...PYTHON_FAMILIES,
  ...OTHER_FAMILIES,
  ...NODE_FAMILIES,
  ...LAST_FAMILIES,
]

/** The user's families, then the built-in ones. @throws Usage E_LOCK_FAMILIES. */
export function familiesWith(own: LockFamilies): CompiledFamilies {
  return compileFamilies([...own, ...BUILTIN_FAMILIES])
}
