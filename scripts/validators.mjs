// Compiles the schemas of files that users write into dist/validators, part of the build: to load the compiler and compile them
// takes 50 ms of a command, and a file of contexts is read by each.
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
