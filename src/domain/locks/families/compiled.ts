import {Usage} from '../../../errors.js'
import type {LockType} from '../reading/sampled-key.js'
import {lengthsOf, requiredParts} from './expression-parts.js'
import type {LockCompanion, LockFamily, LockForm} from './family.js'
import {templateExpression, variablesOf} from './template.js'
import {messageOf} from '../../../wording.js'

export interface CompiledForm {
  /** its place among all forms */
  readonly id: number
  /** texts that each matching key contains; to skip the expression, which is slower */
  readonly keyParts: readonly string[]
  /** the lengths that a token can have */
  readonly shortest: number
  readonly longest: number
  /** whether a group of the token needs another check than the expression */
  readonly isChecked: boolean
  readonly family: LockFamily
  readonly form: LockForm
  readonly key: RegExp | null
  readonly token: RegExp
  readonly entry: RegExp | null
  /** whether the user described the family */
  readonly isOwn: boolean
}

export interface CompiledCompanion {
  readonly family: LockFamily
  readonly companion: LockCompanion
  readonly key: RegExp
}

/** Families with compiled expressions, by Redis type; the user's families come first. */
export interface CompiledFamilies {
  readonly families: ReadonlyMap<string, LockFamily>
  readonly forms: ReadonlyMap<string, readonly CompiledForm[]>
  readonly companions: ReadonlyMap<string, readonly CompiledCompanion[]>
  /** the forms that are identified by the key name alone */
  readonly named: readonly CompiledForm[]
}

/**
 * Compiles the families.
 *
 * @param own the families that the user described; a lock that one of them matches belongs to it.
 * @throws Usage E_LOCK_FAMILIES with the family that has an invalid expression, a template with a group that no form has, or
 *   the name of another family.
 */
export function compileFamilies(builtin: readonly LockFamily[], own: readonly LockFamily[] = []): CompiledFamilies {
  const byName = new Map<string, LockFamily>()
  const forms = new Map<LockType, CompiledForm[]>()
  const companions = new Map<LockType, CompiledCompanion[]>()
  for (const family of [...own, ...builtin]) {
    if (byName.has(family.name)) throw unreadable(family, 'another family has the same name')
    byName.set(family.name, family)
    requireKnownGroups(family)
    for (const companion of family.companions ?? []) {
      add(companions, companion.type, {family, companion, key: templateExpression(companion.key)})
    }
  }
  const compiled = (families: readonly LockFamily[], isOwn: boolean): Array<Omit<CompiledForm, 'id'>> =>
    families.flatMap((family) => family.forms.map((form) => compileForm(family, form, isOwn)))
  const all = [...compiled(own, true), ...compiled(builtin, false)].map((one, id) => ({...one, id}))
  for (const one of all) add(forms, one.form.type, one)
  const named = all.filter(({form}) => form.isUnambiguous === true)
  return {families: byName, forms, companions, named}
}

function compileForm(family: LockFamily, form: LockForm, isOwn: boolean): Omit<CompiledForm, 'id'> {
  const whole = (text: string): RegExp => {
    try {
      return new RegExp(`^(?:${text})$`, 's')
    } catch (error) {
      throw unreadable(family, messageOf(error))
    }
  }
  const lengths = lengthsOf(form.token)
  return {
    family,
    form,
    key: form.key === undefined ? null : whole(form.key),
    token: whole(form.token),
    entry: form.entry === undefined ? null : whole(form.entry),
    isOwn,
    keyParts: requiredParts(form.key ?? ''),
    shortest: lengths.least,
    longest: lengths.most,
    isChecked: /\(\?<(?:random|uuid1|uuid1Bytes)>/.test(form.token) || form.endsBeforeTtlMs !== undefined,
  }
}

function requireKnownGroups(family: LockFamily): void {
  const {companions = [], forms, release} = family
  const notify = release.how === 'compare-and-delete' ? release.notify : undefined
  const templates = [
    ...companions.map(({key}) => key),
    ...(notify?.by === 'publish' ? [notify.channel, notify.waiterChannel ?? ''] : []),
    ...(notify?.by === 'push' ? [notify.list] : []),
  ]
  const found = forms.flatMap(({key = ''}) => [...key.matchAll(/\(\?<(\w+)>/g)].map(([, name = '']) => name))
  const known = new Set(['key', 'tagged', 'waiter', ...found])
  const unknown = templates.flatMap(variablesOf).find((name) => !known.has(name))
  if (unknown !== undefined)
    throw unreadable(family, `a template uses \${${unknown}}, but no form's key has a group ${unknown}`)
  for (const {key, lock = ''} of companions) {
    const missing = variablesOf(lock).find((name) => !variablesOf(key).includes(name) || name === 'tagged')
    if (missing !== undefined)
      throw unreadable(family, `the companion key ${key} does not contain the ${missing} of its lock`)
  }
}

function unreadable({name}: LockFamily, reason: string): Usage {
  return new Usage('E_LOCK_FAMILIES', `the lock family ${name} is invalid: ${reason}`, {
    data: {family: name, reason},
  })
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}
