import {splitPartition} from '../../topic-name.js'
import type {NameSource} from './names.js'

const SCHEME = 'persistent://'

/**
 * Topics that a word may become, one part after the other: tenants, their namespaces, their topics; and the short forms,
 * `name` in the context's namespace and `namespace/name` of the tenant public.
 *
 * @returns whole names, or the beginning of one up to a slash.
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

/** PATTERN: tenants and their namespaces, each of which is one; a slash leads on. */
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

/** A partitioned topic once; topics that Pulsar and keyshift keep for themselves only to who asks for one. */
async function localNames(namespace: string, typed: string, names: NameSource): Promise<string[]> {
  const lead = `${SCHEME}${namespace}/`
  const locals = (await names.topics(namespace))
    .filter((full) => full.startsWith(lead))
    .map((full) => splitPartition(full.slice(lead.length)).base)
    .filter((local) => typed.startsWith('__') || !local.startsWith('__'))
  return [...new Set(locals)]
}
