import assert from 'node:assert/strict'
import {randomInt} from 'node:crypto'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import pLimit from 'p-limit'

import {runCli} from '../support/shells/cli.js'
import {type EchoServers, echoServers} from '../support/servers/echo-servers.js'
import {temporaryFolder} from '../support/shells/folder.js'

const SECRETS = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 1000 : 250
const ASCII = Array.from({length: 94}, (_, at) => String.fromCharCode(33 + at))
const ANY = [...ASCII, ' ', 'ü', '漢', '\t']

/** How a secret is passed to a command: each way takes some secrets and returns the arguments and variables. */
interface Way {
  readonly args: readonly string[]
  readonly env?: Record<string, string>
}
type Put = (next: (letters?: readonly string[]) => string, servers: EchoServers, folder: string) => Promise<Way> | Way

const TOPIC = 'public/default/orders'

const WAYS: Readonly<Record<string, Put>> = {
  'a token in a variable': (next, {http}) => ({
    args: ['subscriptions', 'list', '--admin-url', http],
    env: {KEYSHIFT_TOKEN: next(ASCII)},
  }),
  'a token that is not a valid header': (next, {http}) => ({
    args: ['subscriptions', 'inspect', TOPIC, 's', '--admin-url', http],
    env: {KEYSHIFT_TOKEN: `${next()}\n${next()}`},
  }),
  'a token in a file': async (next, {http}, folder) => ({
    args: ['keys', 'ranges', TOPIC, 's', '--admin-url', http, '--token-file', await file(folder, 'token', next(ASCII))],
  }),
  'a token from a command that fails': async (next, {http}, folder) => ({
    args: ['migrate', 'list', '--admin-url', http],
    env: {KEYSHIFT_TOKEN_COMMAND: `cat ${await file(folder, 'asked', next())} >&2; false '${next(LETTERS)}'`},
  }),
  'a user’s password': (next, {http}) => ({
    args: ['backlog', 'show', TOPIC, 's', '--admin-url', http],
    env: {KEYSHIFT_BASIC_USERNAME: 'ann', KEYSHIFT_BASIC_PASSWORD: next()},
  }),
  'the password in an address': (next, {http}) => ({
    args: ['subscriptions', 'list', '--admin-url', http.replace('//', `//ann:${encodeURIComponent(next())}@`)],
    env: {KEYSHIFT_WEB_SOCKET_URL: `ws://h?token=${encodeURIComponent(next())}`},
  }),
  'an OAuth2 client’s secret': async (next, {http}, folder) => ({
    args: ['subscriptions', 'list', '--admin-url', http],
    env: {
      KEYSHIFT_OAUTH2_ISSUER_URL: http,
      KEYSHIFT_OAUTH2_KEY_FILE: await file(folder, 'key', JSON.stringify({client_id: 'c', client_secret: next()})),
    },
  }),
  'a broken OAuth2 key file': async (next, {http}, folder) => ({
    args: ['subscriptions', 'list', '--admin-url', http],
    env: {
      KEYSHIFT_OAUTH2_ISSUER_URL: http,
      KEYSHIFT_OAUTH2_KEY_FILE: await file(folder, 'key', `{"client_secret": "${next(LETTERS)}`),
    },
  }),
  'Redis’s password in a variable': (next, {redis}) => ({
    args: ['locks', 'scan', '--pattern', 'x:*', '--redis-url', `redis://ops@${redis}`],
    env: {KEYSHIFT_REDIS_PASSWORD: next()},
  }),
  'Redis’s password in its address': (next, {redis}) => ({
    args: ['locks', 'inspect', 'x', '--redis-url', `redis://ops:${encodeURIComponent(next())}@${redis}`],
  }),
  'Redis’s password in an invalid address': (next) => ({
    args: ['locks', 'scan', '--pattern', 'x:*', '--redis-url', `redis://ops:${next(LETTERS)}@:no port`],
    env: {KEYSHIFT_REDIS_PASSWORD: next()},
  }),
  WebSockets: (next, {http}) => ({
    args: ['keys', 'sample', TOPIC, 's', '--source', 'websocket', '--admin-url', http],
    env: {KEYSHIFT_TOKEN: next(ASCII)},
  }),
  'context show': (next, {http, redis}) => ({
    args: ['context', 'show', '--redis-url', `redis://ops:${encodeURIComponent(next())}@${redis}`],
    env: {
      KEYSHIFT_TOKEN: next(),
      KEYSHIFT_REDIS_PASSWORD: next(),
      KEYSHIFT_ADMIN_URL: http.replace('//', `//${encodeURIComponent(next())}:${encodeURIComponent(next())}@`),
    },
  }),
  'a context that contains one': async (next, _, folder) => {
    await mkdir(join(folder, 'keyshift'), {recursive: true})
    const text = `contexts: {prod: {login: {token: ${next(LETTERS)}}, ${next(LETTERS)}: ["${next(LETTERS)}"`
    await writeFile(join(folder, 'keyshift', 'contexts.yaml'), text)
    return {args: ['context', 'list']}
  },
  'an address with one for a new context': (next, {redis}) => ({
    args: ['context', 'add', 'x', '--redis-url', `redis://ops:${encodeURIComponent(next())}@${redis}`, '--yes'],
  }),
  'pulsarctl’s contexts': async (next, _, folder) => {
    const text = JSON.stringify({'auth-info': {x: {token: next()}}, contexts: {x: {'admin-service-url': 'http://h'}}})
    return {args: ['context', 'import', '--from', 'pulsarctl', '--file', await file(folder, 'ctl', text), '--yes']}
  },
  'a client.conf': async (next, _, folder) => {
    const params = JSON.stringify({userId: 'ann', password: next(ASCII)}).replaceAll('\\', '\\\\')
    const text = `webServiceUrl=http://h\nauthPlugin=AuthenticationBasic\nauthParams=${params}\n`
    return {args: ['context', 'import', '--from', 'client.conf', '--file', await file(folder, 'conf', text), '--yes']}
  },
}

const LETTERS = ASCII.filter((letter) => /[a-z]/.test(letter))

test(`${String(SECRETS)} secrets in flags, variables, files and addresses, with servers that repeat them: none is printed`, async (t) => {
  const servers = await echoServers(t)
  const limit = pLimit(2)
  const runs: Array<Promise<void>> = []
  const codes = new Map<string, Set<number | null>>()
  let made = 0
  for (let at = 0; made < SECRETS; at++) {
    const [name, put] = Object.entries(WAYS)[at % Object.keys(WAYS).length] ?? []
    assert.ok(name !== undefined && put)
    const secrets: string[] = []
    const next = (letters: readonly string[] = ANY): string => {
      const secret = Array.from({length: randomInt(12, 40)}, () => letters[randomInt(letters.length)] ?? '').join('')
      secrets.push(secret.trim())
      return secret
    }
    const folder = await temporaryFolder(t)
    const {args, env} = await put(next, servers, folder)
    made += secrets.length
    // More secrets are in the environment, because debug logs contain it.
    const idle = {KEYSHIFT_BASIC_PASSWORD: next(), KEYSHIFT_REDIS_PASSWORD: next()}
    made += 2
    runs.push(
      limit(async () => {
        const {code, stdout, stderr} = await runCli([...args, ...(at % 2 === 0 ? ['--json'] : [])], {
          XDG_CONFIG_HOME: folder,
          XDG_CACHE_HOME: folder,
          ...(at % 3 === 0 ? {DEBUG: '*', NODE_DEBUG: 'http,https,net,tls,stream'} : {}),
          ...idle,
          ...env,
        })
        codes.set(name, (codes.get(name) ?? new Set()).add(code))
        for (const form of secrets.flatMap(formsOf)) {
          assert.ok(!stdout.includes(form) && !stderr.includes(form), `${name}: its output contains a secret`)
        }
        const written = await readFile(join(folder, 'keyshift', 'contexts.yaml'), 'utf8').catch(() => '')
        if (!name.endsWith('contains one')) assert.ok(!secrets.some((secret) => written.includes(secret)), name)
      }),
    )
  }
  await Promise.all(runs)
  t.diagnostic(`${String(made)} secrets in ${String(runs.length)} commands`)
  // Each way has reached its goal: a server that refuses the login, or an error before it.
  for (const [name, found] of codes)
    assert.ok(
      [...found].every((code) => [0, 2, 4].includes(code ?? -1)),
      name,
    )
})

/** The forms of a secret in a text. */
function formsOf(secret: string): string[] {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    base64(secret),
    base64(`ann:${secret}`),
  ]
}

async function file(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
