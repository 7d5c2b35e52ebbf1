import assert from 'node:assert/strict'
import {join} from 'node:path'
import {test} from 'node:test'

import {ESLint, Linter} from 'eslint'
import tseslint from 'typescript-eslint'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const eslint = new ESLint({cwd: ROOT})

/** What the rule against hand-built commands reports, as it is configured for a file of that path. */
async function handBuiltCommands(path: string, code: string): Promise<number[]> {
  const config = (await eslint.calculateConfigForFile(join(ROOT, path))) as Linter.Config
  const rules = {'no-restricted-syntax': config.rules?.['no-restricted-syntax'] ?? 'off'}
  const languageOptions = {parser: tseslint.parser as Linter.Parser}
  const messages = new Linter().verify(code, [{files: ['**/*.ts'], languageOptions, rules}], {filename: 'seed.ts'})
  return messages.map(({line, message}) => {
    assert.match(message, /^Build commands with suggestedCommand/)
    return line
  })
}

const HAND_BUILT = String.raw`
export const commands = (topic: string) => [
  'keyshift context show',
  ${'`keyshift why ${topic}`'},
  ${'`run first: keyshift doctor ${topic}`'},
  'keyshift ' + topic,
  'pulsar-admin topics list public/default',
  ${'`pulsar-admin topics unload ${topic}`'},
  'pulsar-admin ' + topic,
  'redis-cli --cluster check HOST:PORT',
  ${'`redis-cli DEL ${topic}`'},
  ${'`curl ${topic}/metrics`'},
  ${'`chmod +x ${topic}`'},
]
`

const BUILT = String.raw`
import {shellCommand, suggestedCommand} from './suggested-command.js'

export const texts = (topic: string) => [
  suggestedCommand('why', topic),
  shellCommand('pulsar-admin', 'topics', 'unload', topic),
  'keyshift cannot reach the broker',
  ${'`${topic} is not a snapshot of keyshift doctor`'},
]
`

test('a command that is built by hand fails in every folder of src', async () => {
  for (const path of [
    'src/nearest-name.ts',
    'src/cli/confirm.ts',
    'src/clients/redis/wait-ready.ts',
    'src/commands/why.ts',
    'src/domain/doctor/diagnose.ts',
    'src/hooks/command-not-found.ts',
  ]) {
    assert.deepEqual(await handBuiltCommands(path, HAND_BUILT), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], path)
    assert.deepEqual(await handBuiltCommands(path, BUILT), [], path)
  }
})
