import {join} from 'node:path'
import {pathToFileURL} from 'node:url'

/** What ajv makes of a schema when this package is built. */
interface Validator {
  (content: unknown): boolean
  readonly errors: ReadonlyArray<{readonly instancePath: string; readonly message?: string}> | null
}

/**
 * What is wrong with the content of a file that a person has written; null when nothing is.
 *
 * @param root where this package lies, built.
 * @param name of the schema, without its ending.
 * @param calledAs what the content is called in what is told of it.
 */
export async function schemaErrors(
  root: string,
  name: string,
  content: unknown,
  calledAs: string,
): Promise<string | null> {
  const {href} = pathToFileURL(join(root, 'dist', 'validators', `${name}.js`))
  const {default: isRight} = (await import(href)) as {default: Validator}
  if (isRight(content)) return null
  return (isRight.errors ?? [])
    .map(({instancePath, message}) => `${calledAs}${instancePath} ${message ?? ''}`)
    .join(', ')
}
