import assert from 'node:assert/strict'
import {test} from 'node:test'

import {hiddenSecrets} from '../../../../src/cli/connection/hidden-secrets.js'
import {ConnectionRepeater, connectionWords} from '../../../../src/cli/output/repeat-connection.js'
import {suggestedCommand} from '../../../../src/suggested-command.js'
import {HOSTILE_NAME, pasteShell} from '../../../support/shells/pasted.js'

const PULSAR = new Set(['context', 'admin-url', 'insecure', 'token-file', 'json'])
const REDIS = new Set(['context', 'redis-url', 'insecure', 'redlock'])
const COMMANDS = new Map<string, ReadonlySet<string>>([
  ['doctor', new Set([...PULSAR, ...REDIS])],
  ['locks:scan', REDIS],
  ['locks:inspect', REDIS],
  ['migrate:list', new Set([...PULSAR, 'journal', 'namespace'])],
  ['context:add', new Set(['admin-url', 'token-file'])],
  ['keys:owner', PULSAR],
])

function repeater(flags: Record<string, unknown>, given = Object.keys(flags)): ConnectionRepeater {
  return new ConnectionRepeater(
    COMMANDS,
    connectionWords(flags, (name) => given.includes(name)),
  )
}

const here = repeater({'admin-url': 'http://a:8080', 'redis-url': 'redis://r:6379', insecure: true})

test('a suggested command repeats the connection flags that it has', () => {
  assert.equal(
    here.text(suggestedCommand('doctor', 'orders', 'decision')),
    'keyshift doctor orders decision --admin-url http://a:8080 --redis-url redis://r:6379 --insecure',
  )
  assert.equal(
    here.text('next: keyshift locks inspect lock:a   is it held?\nand no more'),
    'next: keyshift locks inspect lock:a --redis-url redis://r:6379 --insecure   is it held?\nand no more',
  )
})

test('a flag that the command sets already is not repeated, and nothing is repeated twice', () => {
  const once = here.text('keyshift locks inspect a --redis-url redis://other --insecure')
  assert.equal(once, 'keyshift locks inspect a --redis-url redis://other --insecure')
  const added = here.text('keyshift keys owner t s k')
  assert.equal(here.text(added), added)
  assert.equal(
    here.text('keyshift locks scan --redis-url=redis://b --insecure'),
    'keyshift locks scan --redis-url=redis://b --insecure',
  )
})

test('prose, help and commands that do not connect are unchanged', () => {
  for (const text of [
    'the ranges fit no selector that keyshift knows',
    'keyshift context add prod --admin-url http://HOST:8080',
    'keyshift context list',
    'keyshift doctor --help',
    'see keyshift.doctor/v1 and ./keyshift doctor',
    'ask for keyshift migrate list; if there is none',
  ])
    assert.equal(here.text(text), text)
})

test('flags from environment variables are not repeated, because the shell still has them', () => {
  const flags = {context: 'prod', 'admin-url': 'http://env:8080'}
  assert.equal(repeater(flags, ['context']).text('keyshift doctor'), 'keyshift doctor --context prod')
  assert.equal(repeater(flags, []).text('keyshift doctor'), 'keyshift doctor')
})

test('flags are inserted before a redirection and before --', () => {
  assert.equal(
    here.text('keyshift locks scan --pattern a > out.ndjson'),
    'keyshift locks scan --pattern a --redis-url redis://r:6379 --insecure > out.ndjson',
  )
  assert.equal(
    here.text('keyshift keys owner t s -- --key'),
    'keyshift keys owner t s --admin-url http://a:8080 --insecure -- --key',
  )
})

test('every server of a Redlock and the journal are repeated', () => {
  assert.equal(
    repeater({redlock: ['redis://a', 'redis://b']}).text('keyshift locks scan'),
    'keyshift locks scan --redlock redis://a --redlock redis://b',
  )
  assert.equal(
    repeater({journal: 'file:/my journal'}).text('keyshift migrate list'),
    "keyshift migrate list --journal 'file:/my journal'",
  )
})

test('a suggested command never contains a password, but keeps the user of Redis', () => {
  const repeated = (url: string): string => repeater({'redis-url': url}).text('keyshift locks scan')
  assert.equal(repeated('redis://ops:hunter2@r:6379'), 'keyshift locks scan --redis-url redis://ops@r:6379')
  assert.equal(repeated('redis://:hun@ter2@r:6379'), 'keyshift locks scan --redis-url redis://r:6379')
  assert.equal(
    repeated('rediss+sentinel://ops:hunter2@s1,s2/main'),
    'keyshift locks scan --redis-url rediss+sentinel://ops@s1,s2/main',
  )
  hiddenSecrets.add('hunter-known')
  assert.ok(!repeater({'token-file': '/tmp/hunter-known'}).text('keyshift doctor').includes('hunter-known'))
})

test('the fields command, commands and next of a result are completed at any depth, and no other', () => {
  const report = {
    findings: [{remedies: [{command: 'keyshift keys owner t s k', cost: 'keyshift keys owner t s k'}]}],
    verdict: {next: 'keyshift doctor', commands: ['keyshift locks scan', 'redis-cli PING']},
    command: {next: null, count: 3},
  }
  const flags = '--admin-url http://a:8080'
  assert.deepEqual(repeater({'admin-url': 'http://a:8080'}).value(report), {
    findings: [{remedies: [{command: `keyshift keys owner t s k ${flags}`, cost: 'keyshift keys owner t s k'}]}],
    verdict: {next: `keyshift doctor ${flags}`, commands: ['keyshift locks scan', 'redis-cli PING']},
    command: {next: null, count: 3},
  })
  assert.equal(repeater({}).value(report), report, 'without flags the result is the same object')
})

test('hostile names and addresses reach keyshift unchanged when the command is pasted', async (t) => {
  const {paste} = await pasteShell(t)
  const hostile = repeater({'admin-url': `http://h/${HOSTILE_NAME}`, insecure: true})
  const command = hostile.text(`next: ${suggestedCommand('keys', 'owner', 't', HOSTILE_NAME, `a\nb${HOSTILE_NAME}`)}`)
  assert.deepEqual(await paste(command.slice('next: '.length)), [
    ...['keys', 'owner', 't', HOSTILE_NAME, `a\nb${HOSTILE_NAME}`],
    ...['--admin-url', `http://h/${HOSTILE_NAME}`, '--insecure'],
  ])
})
