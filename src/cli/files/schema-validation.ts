import {join} from 'node:path'
import {pathToFileURL} from 'node:url'

/** A schema as ajv compiles it when this package is built. */
interface Validator {
  (content: unknown): boolean
  readonly errors: ReadonlyArray<{readonly instancePath: string; readonly message?: string}> | null
}

/**
 * The errors in the content of a file that the user wrote; null when it is valid.
 *
 * @param root the built package's folder.
 * @param name name of the schema, without its extension.
 * @param calledAs name of the content in the errors.
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
