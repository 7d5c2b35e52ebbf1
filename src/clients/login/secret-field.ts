import {Usage} from '../../errors.js'

/**
 * One value of a text that contains several; null when it is missing.
 *
 * @param field a JSON pointer (RFC 6901) into YAML or JSON, such as `/auth-info/prod/token`; or a key of Java properties,
 *   optionally with `/` and the name of one of its parameters: `authParams/token`.
 * @throws Usage E_SECRET_FIELD when the text has another format. The text is not quoted, because it contains secrets.
 */
export async function fieldOf(text: string, path: string, field: string): Promise<string | null> {
  // Loaded here because the parsers are slow to load and few commands need them.
  const [{getProperties}, {parse}] = await Promise.all([import('properties-file'), import('yaml')])
  try {
    if (field.startsWith('/')) return textOf(at(parse(text), field))
    const [key = '', ...names] = field.split('/')
    const value = getProperties(text)[key] ?? null
    return value === null || names.length === 0 ? value : (parametersOf(value)[names.join('/')] ?? null)
  } catch (error) {
    throw new Usage('E_SECRET_FIELD', `cannot read ${field} from the file ${path}: the file has another format`, {
      data: {path, field},
      // The YAML parser's errors quote the line, which may contain a secret.
      cause: error instanceof Error ? error.name : null,
    })
  }
}

/** The parameters of an `authParams`: JSON, or the older `name:value,name:value`. */
export function parametersOf(authParams: string): Record<string, string> {
  const text = authParams.trim()
  if (text.startsWith('{')) {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>)
    return Object.fromEntries(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
  }
  const pairs = text.split(',').map((pair) => /^\s*([^:]+):(.*)$/s.exec(pair))
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', (pair[2] ?? '').trim()]] : [])))
}

function at(value: unknown, pointer: string): unknown {
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return names.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Record<string, unknown>)[name]
        : null,
    value,
  )
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}
