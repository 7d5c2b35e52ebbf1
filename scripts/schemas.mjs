// Generates the JSON schemas: schemas/<topic>.<verb>.json for the return type of each command's run(), and the schemas of errors
// and of files that users write. With --compare it writes nothing, and fails if a committed schema is outdated or unused.
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

import {createGenerator} from 'ts-json-schema-generator'

import {root} from './setup.mjs'

const compare = process.argv.includes('--compare')
const folder = join(root, 'schemas')
/** One program for all types: to parse the project's types again for each command would take a minute. */
const generator = createGenerator({
  path: join(root, 'src', '**', '*.ts'),
  type: '*',
  tsconfig: join(root, 'tsconfig.json'),
  skipTypeCheck: true,
  topRef: false,
  expose: 'all',
  jsDoc: 'extended',
  additionalProperties: false,
})
const wanted = new Map([
  ['error.json', schemaOf('ErrorDocument')],
  ['contexts.json', schemaOf('ContextFile')],
  ['lock-families.json', schemaOf('LockFamilies')],
])

for (const file of readdirSync(join(root, 'src', 'commands'), {recursive: true})) {
  if (!file.endsWith('.ts')) continue
  const path = join(root, 'src', 'commands', file)
  const type = /async run\(\): Promise<(\w+)>/.exec(readFileSync(path, 'utf8'))?.[1]
  if (type === undefined) throw new Error(`${file} has no line "async run(): Promise<Type>"`)
  wanted.set(`${file.replace(/\.ts$/, '').replaceAll('/', '.')}.json`, schemaOf(type))
}

const known = existsSync(folder) ? readdirSync(folder) : []
const stale = known.filter((file) => !wanted.has(file))
const different = [...wanted]
  .filter(([file, text]) => !known.includes(file) || read(file) !== text)
  .map(([file]) => file)
if (!compare) {
  mkdirSync(folder, {recursive: true})
  for (const [file, text] of wanted) writeFileSync(join(folder, file), text)
}
const wrong = compare ? [...different, ...stale] : stale
if (wrong.length > 0) {
  console.error(
    `schemas that do not match the code: ${wrong.map((file) => `schemas/${file}`).join(', ')}; run npm run schemas, review the changes and delete unused schemas`,
  )
  process.exitCode = 1
}

function schemaOf(type) {
  return `${JSON.stringify(generator.createSchema(type), null, 2)}\n`
}

function read(file) {
  return readFileSync(join(folder, file), 'utf8')
}
