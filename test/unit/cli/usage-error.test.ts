// cspell:ignore jurnal lcks ouput verison xyzzy
import assert from 'node:assert/strict'
import {test} from 'node:test'

import {CLIError} from '@oclif/core/errors'

import {unknownCommand} from '../../../src/cli/unknown-command.js'
import {usageError} from '../../../src/cli/usage-error.js'

const COMMANDS = [
  ['doctor'],
  ['locks', 'scan'],
  ['locks', 'inspect'],
  ['migrate', 'journal', 'verify'],
  ['migrate', 'plan'],
  ['version'],
]

const UNKNOWN: ReadonlyArray<readonly [typed: string, message: RegExp, next: string]> = [
  ['locks scn', /unknown command scn; did you mean "keyshift locks scan"\?/, 'keyshift locks scan --help'],
  ['lock scan lock:a', /unknown command lock; did you mean "keyshift locks scan"\?/, 'keyshift locks scan --help'],
  ['lcks', /unknown command lcks; did you mean "keyshift locks"\?/, 'keyshift locks'],
  [
    'migrate jurnal verify m1',
    /did you mean "keyshift migrate journal verify"\?/,
    'keyshift migrate journal verify --help',
  ],
  ['verison', /did you mean "keyshift version"\?/, 'keyshift version'],
  ['locks zzz', /unknown command zzz; the commands of keyshift locks are inspect, scan/, 'keyshift help locks'],
  ['xyzzy', /the commands are doctor, locks, migrate, version/, 'keyshift help'],
]

for (const [typed, message, next] of UNKNOWN) {
  test(`the unknown command "${typed}" gets the nearest name of the level that is wrong`, () => {
    const error = unknownCommand(COMMANDS, typed.split(' '))
    assert.match(error.message, message)
    assert.deepEqual(error.next, [next])
  })
}

const MESSAGES: ReadonlyArray<readonly [oclif: string, message: string]> = [
  ['Flag --scan expects a value\nSee more help with --help', '--scan needs a value'],
  ['The following error occurred:\n  \u001b[2mMissing required flag to\u001b[22m', 'missing flag --to'],
  [
    'Expected --to=key-shred to be one of: Shared, Key_Shared',
    '--to key-shred is not one of Shared, Key_Shared; did you mean Key_Shared?',
  ],
  ['Expected --to=x to be one of: Shared, Key_Shared', '--to x is not one of Shared, Key_Shared'],
  ['Parsing --max \n\tExpected an integer but received: abc', '--max abc is not an integer'],
  ['Parsing --window \n\t5 is not a duration', '--window: 5 is not a duration'],
  ['All of the following must be provided when using --timeout: --until', '--timeout needs --until'],
  [
    'All of the following must be provided when using --topic: --subscription, --key-pattern',
    '--topic needs --subscription and --key-pattern',
  ],
  ['Exactly one of the following must be provided: --consumers, --name', 'give either --consumers or --name'],
  ['Expected sh to be one of: bash, fish', 'sh is not one of bash, fish'],
  ['--snapshot=b cannot also be provided when using --from', '--snapshot and --from exclude each other'],
  ['a text that keyshift does not know', 'a text that keyshift does not know'],
]

for (const [oclif, message] of MESSAGES) {
  test(`the usage error of oclif becomes "${message}"`, () => {
    const error = usageError(new CLIError(oclif), ['locks', 'scan'])
    assert.deepEqual([error.message, error.next], [message, ['keyshift locks scan --help']])
  })
}

test('an unknown flag gets the nearest flag of its command; without a similar flag no suggestion is made', () => {
  const thrown = Object.assign(new CLIError('Nonexistent flags'), {
    flags: ['--ouput', '--zzzzz', '-q'],
    parse: {input: {flags: {output: {}, json: {}}}},
  })
  assert.equal(
    usageError(thrown, ['locks', 'scan']).message,
    'unknown flags --ouput (did you mean --output?), --zzzzz, -q',
  )
})

test('missing and unexpected arguments are named', () => {
  const missing = [{name: 'topic', description: 'topic name'}, {name: 'subscription'}]
  const error = (args: unknown): string => usageError(Object.assign(new CLIError('x'), {args}), ['why']).message
  assert.equal(error(missing), 'missing arguments TOPIC (topic name), SUBSCRIPTION')
  assert.equal(error(['b']), 'unexpected argument b')
})
