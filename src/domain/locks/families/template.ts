const VARIABLE = /\$\{(\w+)\}|\*/g

/** A key in braces, unless it has some: so that Redis Cluster keeps the keys of one lock together, as Redisson does it. */
export function tagged(key: string): string {
  return key.includes('{') ? key : `{${key}}`
}

/**
 * Fills a template of a family for one lock.
 *
 * @param groups what the form's named groups found in the key.
 * @returns null where it has `*`, which stands for more than one key, or names a group that found nothing.
 */
export function fillTemplate(template: string, key: string, groups: Readonly<Record<string, string>>): string | null {
  const values: Readonly<Record<string, string | undefined>> = {...groups, key, tagged: tagged(key)}
  const names = [...template.matchAll(VARIABLE)].map(([, name]) => name ?? '*')
  if (names.some((name) => values[name] === undefined)) return null
  return template.replace(VARIABLE, (_, name: string) => values[name] ?? '')
}

/** The names that a template has to be given. */
export function variablesOf(template: string): string[] {
  return [...template.matchAll(VARIABLE)].flatMap(([, name]) => name ?? [])
}

/** A template as a regular expression, which finds what fills it. Groups: `tagged`, or as they are named. */
export function templateExpression(template: string): RegExp {
  let text = ''
  let end = 0
  for (const match of template.matchAll(VARIABLE)) {
    text += escape(template.slice(end, match.index)) + (match[1] === undefined ? '.*' : `(?<${match[1]}>.+?)`)
    end = match.index + match[0].length
  }
  return new RegExp(`^${text}${escape(template.slice(end))}$`, 's')
}

/** The keys of which one is the lock that a `tagged` text stands for. */
export function untagged(text: string): string[] {
  return text.startsWith('{') && text.endsWith('}') ? [text.slice(1, -1), text] : [text]
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

/** A UUID as libraries write it: in lower case, with its hyphens. */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
