const VARIABLE = /\$\{(\w+)\}|\*/g

/** A key in braces unless it contains a brace, as Redisson does to keep the keys of one lock in one slot of a cluster. */
export function tagged(key: string): string {
  return key.includes('{') ? key : `{${key}}`
}

/**
 * Fills a template of a family for one lock.
 *
 * @param groups the named groups that the form found in the key.
 * @returns null when the template contains `*`, which stands for several keys, or a group without a value.
 */
export function fillTemplate(template: string, key: string, groups: Readonly<Record<string, string>>): string | null {
  const values: Readonly<Record<string, string | undefined>> = {...groups, key, tagged: tagged(key)}
  const names = [...template.matchAll(VARIABLE)].map(([, name]) => name ?? '*')
  if (names.some((name) => values[name] === undefined)) return null
  return template.replace(VARIABLE, (_, name: string) => values[name] ?? '')
}

/** The names of the variables in a template. */
export function variablesOf(template: string): string[] {
  return [...template.matchAll(VARIABLE)].flatMap(([, name]) => name ?? [])
}

/** The regular expression that matches filled templates; each variable of the template is a named group. */
export function templateExpression(template: string): RegExp {
  let text = ''
  let end = 0
  for (const match of template.matchAll(VARIABLE)) {
    text += escape(template.slice(end, match.index)) + (match[1] === undefined ? '.*' : `(?<${match[1]}>.+?)`)
    end = match.index + match[0].length
  }
  return new RegExp(`^${text}${escape(template.slice(end))}$`, 's')
}

/** The keys that `tagged` turns into this text. */
export function untagged(text: string): string[] {
  return text.startsWith('{') && text.endsWith('}') ? [text.slice(1, -1), text] : [text]
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

/** A UUID as libraries write it: in lower case, with hyphens. */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** A random UUID: the version is 4 and the variant 8, 9, a or b. */
export const UUID4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
/** A random UUID as 32 hex digits. */
export const UUID4_HEX = '[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}'
