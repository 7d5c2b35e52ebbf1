import {Judge} from './candidates.js'
import type {CompiledFamilies} from '../families/compiled.js'
import type {LockFamily} from '../families/family.js'
import {fillTemplate, untagged} from '../families/template.js'
import {type Fit, fitForm, storedValue, type StoredValue} from './fit.js'
import {isPrintedAsText, type SampledKey} from '../reading/sampled-key.js'
import type {Recognized, RecognizedCompanion, RecognizedLock} from './recognized-lock.js'

const WORDS = '(?:(?:[rR]ed)?[lL]ock(?:s|ed)?|[mM]utex(?:es)?|[sS]emaphores?|[lL]eases?|[lL]eader)'
/** Matches keys that contain a word for a lock: `order-lock:7`, `orderLock:7`, `LOCK_7`; not `clock:7`, `block:7`, `leaderboard`. */
const LOCK_WORD = new RegExp(
  `(?<![A-Za-z])${WORDS}(?![a-z])|(?<=[a-z])(?=[A-Z])${WORDS}(?![a-z])|(?<![A-Z])LOCKS?(?![A-Z])`,
)

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
  const isNamed = LOCK_WORD.test(wordsOf(raw))
  const lock = recognizeLock(raw, families, isNamed)
  const assumed = lock === null && isExpected && !isNamed ? recognizeLock(raw, families, true) : null
  if (assumed !== null) return {...assumed, isAssumed: true}
  return lock ?? {kind: 'unknown', hasWrongType: hasWrongType(key, raw.type, families), isNamed}
}

/** The key as text in which words can be found: a key that is not UTF-8, such as a serialized Java string, has its bytes as characters. */
function wordsOf({key, name}: SampledKey): string {
  return isPrintedAsText(name) ? name : key.toString('latin1')
}

/** @param mayBeWeak whether formats that other data has too are considered. */
function recognizeLock(raw: SampledKey, families: CompiledFamilies, mayBeWeak: boolean): RecognizedLock | null {
  const key = raw.name
  let value: StoredValue | null = null
  const fits: Fit[] = []
  let last: LockFamily | null = null
  for (const compiled of families.forms.get(raw.type) ?? []) {
    const {family, form, isOwn, key: expression, keyParts} = compiled
    if ((form.needsContext === true && !mayBeWeak) || last === family) continue
    if (keyParts.length > 0 && !containsAll(key, keyParts)) continue
    if (value?.length !== undefined && (value.length < compiled.shortest || value.length > compiled.longest)) continue
    if (expression?.test(key) === false) continue
    value ??= storedValue(raw)
    const fit = fitForm(compiled, value, raw)
    if (fit === null) continue
    fits.push(fit)
    last = family // its forms follow each other, and the first that fits counts
    if (isOwn) break // the user's description decides
  }
  const lock = value && judgeOf(families).judge(fits, value, raw)
  return lock?.family === null && !mayBeWeak ? null : lock
}

function containsAll(key: string, parts: readonly string[]): boolean {
  for (const part of parts) if (!key.includes(part)) return false
  return true
}

const judges = new WeakMap<CompiledFamilies, Judge>()

function judgeOf(families: CompiledFamilies): Judge {
  const judge = judges.get(families) ?? new Judge()
  judges.set(families, judge)
  return judge
}

/** Whether the key name alone identifies a lock, although it also fits the keys that belong to a lock. */
function isNamedLock({name, type}: SampledKey, {named}: CompiledFamilies): boolean {
  return named.some(
    ({form, key, keyParts}) => form.type === type && containsAll(name, keyParts) && key?.test(name) === true,
  )
}

/** Whether the key name identifies a family that does not store locks in this Redis type. */
function hasWrongType(key: string, type: string, {named}: CompiledFamilies): boolean {
  const fitting = named.filter((one) => containsAll(key, one.keyParts) && one.key?.test(key) === true)
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
