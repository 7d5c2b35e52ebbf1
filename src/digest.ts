import {createHash} from 'node:crypto'

/** SHA-256 over a document without its `digest` field, regardless of the layout of the JSON. */
export function digestOf(document: object): string {
  return sha256(canonicalJson({...document, digest: undefined}))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** JSON with sorted keys, so that a value has the same hash in any notation. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
