// cspell:ignore lcks hlep patern
import assert from 'node:assert/strict'
import {execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'
import {promisify} from 'node:util'

import {BIN, parseDocument, runCli} from '../support/shells/cli.js'
import {temporaryFolder} from '../support/shells/folder.js'

for (const args of [['version'], ['-v'], ['--version']]) {
  test(`${args.join(' ')} prints the version`, async () => {
    const {code, stdout} = await runCli(args)
    assert.equal(code, 0)
    assert.match(stdout, /^keyshift\/\d+\.\d+\.\d+ /)
  })
}

for (const args of [
  ['locks', 'scan', '-h'],
  ['locks', 'scan', '--help'],
  ['help', 'locks', 'scan'],
  ['help', 'locks:scan'],
]) {
  test(`${args.join(' ')} prints the help of the command, with the connection flags last`, async () => {
    const {code, stdout} = await runCli(args)
    assert.equal(code, 0)
    const headings = stdout.match(/^\w+ FLAGS$/gm) ?? []
    assert.deepEqual(headings.slice(-4), ['PULSAR FLAGS', 'REDIS FLAGS', 'LOGIN FLAGS', 'GLOBAL FLAGS'])
  })
}

for (const args of [['lcks'], ['lcks', '--help'], ['help', 'lcks']]) {
  test(`${args.join(' ')}: exit 2, with the nearest command`, async () => {
    const {code, stderr, stdout} = await runCli(args)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /unknown command lcks; did you mean "keyshift locks"\? \(E_USAGE\)/)
  })
}

const TOPIC_FLAGS: ReadonlyArray<readonly [args: string, message: string, next: string]> = [
  ['keys --hlep', 'unknown flag --hlep (did you mean --help?)', 'keyshift keys --help'],
  ['--hlep', 'unknown flag --hlep (did you mean --help?)', 'keyshift --help'],
  ['locks --patern=x', 'unknown flag --patern (did you mean --pattern?)', 'keyshift locks --help'],
  ['locks audit-log --zzzzzz', 'unknown flag --zzzzzz', 'keyshift locks audit-log --help'],
  [
    'keys --names-like x',
    '--names-like needs a command; the commands of keyshift keys are owner, ranges, sample, simulate',
    'keyshift keys --help',
  ],
]
for (const [args, message, next] of TOPIC_FLAGS) {
  test(`${args}: a flag without a command exits 2`, async () => {
    const {code, stderr, stdout} = await runCli(args.split(' '))
    assert.deepEqual([code, stdout, stderr], [2, '', `Error: ${message} (E_USAGE)\nNext:\n  ${next}\n`])
  })
}

test('a topic with --json prints an error document and exits 2, and its help exits 0', async () => {
  const {code, stdout} = await runCli(['keys', '--json'])
  assert.deepEqual([code, parseDocument(stdout).error.code], [2, 'E_USAGE'])
  for (const args of [['keys'], ['keys', '--help'], ['keys', '-h']]) {
    const help = await runCli(args)
    assert.deepEqual([help.code, help.stderr], [0, ''])
    assert.match(help.stdout, /\$ keyshift keys COMMAND/)
  }
})

test('the help lists each name once', async () => {
  for (const args of [['help'], ['migrate'], ['--help']]) {
    const {stdout} = await runCli(args)
    const names = [...stdout.matchAll(/^ {2}((?:migrate )?[a-z-]+) {2}/gm)].map(([, name]) => name)
    assert.ok(names.length > 8)
    assert.deepEqual(names, [...new Set(names)])
  }
  const {stdout} = await runCli(['help'])
  assert.match(stdout, /^ {2}help +Print the help of a command; `keyshift help exit-codes`/m)
  assert.match((await runCli(['migrate', 'plan', '--help'])).stdout, /migrate plan show/)
})

test('the type of a subscription is accepted in any case', async () => {
  const args = ['migrate', 'plan', 'a', 's', '--to', 'key_shared', '--admin-url', 'http://127.0.0.1:1', '--json']
  const {code, stdout} = await runCli(args)
  assert.deepEqual([code, parseDocument(stdout).error.code], [4, 'E_BROKER_UNREACHABLE'])
})

const OLD_NODE = '/usr/bin/node'

test('Node.js before 22: one line on stderr and exit code 2', async (t) => {
  const version = existsSync(OLD_NODE) ? (await promisify(execFile)(OLD_NODE, ['--version'])).stdout.trim() : 'none'
  if (!/^v(1\d|20|21)\./.test(version)) {
    t.skip(`no older Node.js at ${OLD_NODE}: ${version}`)
    return
  }
  const child = spawn(OLD_NODE, [BIN, 'locks', 'scan'], {stdio: ['ignore', 'pipe', 'pipe']})
  const text: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => text.push(chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 2)
  assert.equal(text.join(''), `keyshift needs Node.js 22 or later; this is ${version}\n`)
})

/** Runs keyshift on its own pseudoterminal, and types an answer at the prompt. */
async function onTerminal(
  t: TestContext,
  args: readonly string[],
  answer: string,
): Promise<{code: number; text: string; file: string}> {
  const folder = await temporaryFolder(t)
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ')
  const env = {...process.env, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, KEYSHIFT_CONTEXT: ''}
  const child = spawn('script', ['-qec', command, '/dev/null'], {env, stdio: ['pipe', 'pipe', 'inherit']})
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const hadAsked = text.includes('[y/N]')
    text += chunk.toString()
    if (!hadAsked && text.includes('[y/N]')) child.stdin.write(answer)
  })
  const [code] = (await once(child, 'close')) as [number]
  const file = await readFile(join(folder, 'keyshift', 'contexts.yaml'), 'utf8').catch(() => '')
  return {code, text, file}
}

const ADD = ['context', 'add', 'prod', '--admin-url', 'http://prod:8080']

for (const [name, answer] of [
  ['y', 'y\n'],
  ['YES', 'YES\n'],
] as const) {
  test(`a prompt names the change, and ${name} confirms`, async (t) => {
    const {code, file, text} = await onTerminal(t, ADD, answer)
    assert.equal(code, 0, text)
    assert.match(text, /Write context prod to \S+contexts\.yaml\s+and\s+switch to prod\?\s+\[y\/N\] /)
    assert.match(file, /prod:/)
  })
}

for (const [name, answer] of [
  ['an empty answer', '\n'],
  ['no', 'no\n'],
  ['the end of the input', '\u0004'],
  ['Ctrl-C', '\u0003'],
] as const) {
  test(`${name} declines: exit 130, and nothing is changed`, async (t) => {
    const {code, file, text} = await onTerminal(t, ADD, answer)
    assert.deepEqual([code, file], [130, ''], text)
    assert.match(text, /not confirmed; nothing was changed \(E_DECLINED\)/)
  })
}

test('without a terminal a change must be confirmed with --yes: exit 2', async (t) => {
  const folder = await temporaryFolder(t)
  const {code, stderr} = await runCli(ADD, {XDG_CONFIG_HOME: folder})
  assert.equal(code, 2)
  assert.match(stderr, /confirmation required but stdin is not a terminal; pass --yes \(E_CONFIRM\)/)
})
