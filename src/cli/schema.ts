import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

/**
 * What is wrong with the content of a file that a person has written; null when nothing is.
 *
 * @param root where this package lies, with its schemas.
 * @param name of the schema, without its ending.
 * @param calledAs what the content is called in what is told of it.
 */
export async function wrongBySchema(
  root: string,
  name: string,
  content: unknown,
  calledAs: string,
): Promise<string | null> {
  const {Ajv} = await import('ajv') // takes its time, and few need it
  const schema = JSON.parse(await readFile(join(root, 'schemas', `${name}.json`), 'utf8')) as object
  const ajv = new Ajv({strict: false, allErrors: true})
  return ajv.validate(schema, content) ? null : ajv.errorsText(ajv.errors, {dataVar: calledAs})
}
