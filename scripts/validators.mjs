// Compiles the schemas of files that users write into dist/validators as a part of the build. Compiling them at run time would
// add 50 ms to every command, because every command reads the context file.
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

import {Ajv} from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'

import {root} from './setup.mjs'

const folder = join(root, 'dist', 'validators')
mkdirSync(folder, {recursive: true})
for (const name of ['contexts', 'lock-families']) {
  const schema = JSON.parse(readFileSync(join(root, 'schemas', `${name}.json`), 'utf8'))
  const ajv = new Ajv({strict: false, allErrors: true, code: {source: true, esm: true}})
  writeFileSync(join(folder, `${name}.js`), standalone.default(ajv, ajv.compile(schema)))
}
