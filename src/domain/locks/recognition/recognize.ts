import {recognizedLock} from './candidates.js'
import type {CompiledFamilies} from '../families/compiled.js'
import {fillTemplate, untagged} from '../families/template.js'
import {type Fit, fitForm, storedValue, type StoredValue} from './fit.js'
import type {SampledKey} from '../reading/sampled-key.js'
import type {Recognized, RecognizedCompanion, RecognizedLock} from './recognized-lock.js'

const WORDS = '(?:(?:[rR]ed)?[lL]ock(?:s|ed)?|[mM]utex(?:es)?|[sS]emaphores?|[lL]eases?|[lL]eader)'
/** Matches keys that contain a word for a lock: `order-lock:7`, `orderLock:7`, `LOCK_7`; not `clock:7`, `block:7`, `leaderboard`. */
const LOCK_WORD = new RegExp(
  `(?<![A-Za-z])${WORDS}(?![a-z])|(?<=[a-z])(?=[A-Z])${WORDS}(?![a-z])|(?<![A-Z])LOCKS?(?![A-Z])`,
)

/** Whether the key name contains a word for a lock. */
export function isNamedAsLock(key: string): boolean {
  return LOCK_WORD.test(key)
}

/**
 * Collects the families that a key may be a lock of, with their likelihoods.
 *
 * @param isExpected whether the user says that the key is a lock. Without that, or a word for a lock in the key name, a key is a
 *   lock only if its family is certain.
 */
export function recognize(raw: SampledKey, families: CompiledFamilies, isExpected: boolean): Recognized {
  const key = raw.name
  const companion = recognizeCompanion(key, raw.type, families)
  if (companion && !isNamedLock(raw, families)) return companion
  const isNamed = isNamedAsLock(key)
  const lock = recognizeLock(raw, families, isNamed)
  const assumed = lock === null && isExpected && !isNamed ? recognizeLock(raw, families, true) : null
  if (assumed !== null) return {...assumed, isAssumed: true}
  return lock ?? {kind: 'unknown', hasWrongType: hasWrongType(key, raw.type, families)}
}

/** @param mayBeWeak whether formats that other data has too are considered. */
function recognizeLock(raw: SampledKey, families: CompiledFamilies, mayBeWeak: boolean): RecognizedLock | null {
  const key = raw.name
  let value: StoredValue | null = null
  const fits = new Map<string, Fit>()
  for (const compiled of families.forms.get(raw.type) ?? []) {
    const {family, form, isOwn, key: expression} = compiled
    if ((form.needsContext === true && !mayBeWeak) || fits.has(family.name)) continue
    const found = expression === null ? null : expression.exec(key)
    if (expression !== null && found === null) continue
    value ??= storedValue(raw)
    const fit = fitForm(compiled, value, {...found?.groups}, raw)
    if (fit === null) continue
    fits.set(family.name, fit)
    if (isOwn) break // the user's description decides
  }
  const lock = value && recognizedLock([...fits.values()], value, raw)
  return lock?.family === null && !mayBeWeak ? null : lock
}

/** Whether the key name alone identifies a lock, although it also fits the keys that belong to a lock. */
function isNamedLock({name, type}: SampledKey, {named}: CompiledFamilies): boolean {
  return named.some((one) => one.form.type === type && one.key?.test(name) === true)
}

/** Whether the key name identifies a family that does not store locks in this Redis type. */
function hasWrongType(key: string, type: string, {named}: CompiledFamilies): boolean {
  const fitting = named.filter((one) => one.key?.test(key))
  return fitting.length > 0 && fitting.every(({form}) => form.type !== type)
}

function recognizeCompanion(key: string, type: string, {companions}: CompiledFamilies): RecognizedCompanion | null {
  for (const {companion, family, key: expression} of companions.get(type) ?? []) {
    const match = expression.exec(key)
    if (match) {
      const {lock, role} = companion
      const locks = locksOf(match.groups ?? {}, lock)
      return {kind: 'companion', family, role, locks, needsLock: lock !== undefined}
    }
  }
  return null
}

function locksOf(groups: Readonly<Record<string, string>>, template: string | undefined): string[] {
  const {key, tagged} = groups
  if (template !== undefined) return [fillTemplate(template, '', groups) ?? ''].filter((name) => name !== '')
  if (tagged !== undefined) return untagged(tagged)
  return key === undefined ? [] : [key]
}
