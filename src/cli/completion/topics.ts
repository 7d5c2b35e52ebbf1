import {splitPartition} from '../../topic-name.js'
import type {NameSource} from './names.js'

const SCHEME = 'persistent://'

/**
 * Completes a topic part by part: tenants, their namespaces, their topics; and the short forms, `name` in the context's
 * namespace and `namespace/name` of the tenant public.
 *
 * @returns complete names, or the part of a name up to a slash.
 */
export async function topicNames(typed: string, names: NameSource): Promise<string[]> {
  const hasScheme = typed.startsWith(SCHEME)
  const [first = '', second = '', ...rest] = typed.slice(hasScheme ? SCHEME.length : 0).split('/')
  if (rest.length > 0) {
    const found = await localNames(`${first}/${second}`, rest.join('/'), names)
    return found.map((local) => `${hasScheme ? SCHEME : ''}${first}/${second}/${local}`)
  }
  const isFirst = !typed.slice(hasScheme ? SCHEME.length : 0).includes('/')
  const [parts, short] = await Promise.all([
    isFirst ? names.tenants() : names.namespaces(first),
    hasScheme ? [] : shortNames(isFirst ? null : first, isFirst ? first : second, names),
  ])
  const begun = parts.map((part) => `${hasScheme ? SCHEME : ''}${part}/`)
  return [...(typed !== '' && !hasScheme ? [SCHEME] : []), ...begun, ...short]
}

/** Completes a PATTERN: tenants and their namespaces. Each is a complete pattern; a slash continues it. */
export async function scopes(typed: string, names: NameSource): Promise<string[]> {
  const [tenant = '', ...rest] = typed.split('/')
  if (rest.length > 0) return [...(await names.namespaces(tenant))]
  return (await names.tenants()).flatMap((name) => [name, `${name}/`])
}

/** Every namespace, part by part. */
export async function namespaceNames(typed: string, names: NameSource): Promise<string[]> {
  const [tenant = '', ...rest] = typed.split('/')
  return rest.length > 0 ? [...(await names.namespaces(tenant))] : (await names.tenants()).map((name) => `${name}/`)
}

async function shortNames(namespace: string | null, typed: string, names: NameSource): Promise<string[]> {
  if (namespace === null) return localNames(await names.ownNamespace(), typed, names)
  const found = await localNames(`public/${namespace}`, typed, names)
  return found.map((local) => `${namespace}/${local}`)
}

/**
 * Local names; a partitioned topic is listed once. Internal topics of Pulsar and keyshift are listed only when the typed
 * word starts with `__`.
 */
async function localNames(namespace: string, typed: string, names: NameSource): Promise<string[]> {
  const lead = `${SCHEME}${namespace}/`
  const locals = (await names.topics(namespace))
    .filter((full) => full.startsWith(lead))
    .map((full) => splitPartition(full.slice(lead.length)).base)
    .filter((local) => typed.startsWith('__') || !local.startsWith('__'))
  return [...new Set(locals)]
}
