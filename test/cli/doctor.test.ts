import assert from 'node:assert/strict'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import type {Diagnosis} from '../../src/domain/doctor/diagnose.js'
import {recordings, serveRecording} from '../support/servers/recorded-broker.js'
import {askCli, type Document, requireFailure, runCli, startCli} from '../support/shells/cli.js'
import {temporaryFolder} from '../support/shells/folder.js'

const RECORDING = (await recordings()).get('dispatcher-not-reading') ?? assert.fail()
const CODE = 'dispatcher-not-reading'
const WINDOW = ['--window', '200ms']

async function broker(t: TestContext): Promise<{env: Record<string, string>; topic: string; scope: string}> {
  const {topic, url} = await serveRecording(t, RECORDING)
  const scope = topic.replace('persistent://', '').replace(/\/[^/]+$/, '')
  return {env: {KEYSHIFT_ADMIN_URL: url}, topic, scope}
}

test('--ignore leaves out findings, counts them, and decides what --fail-on sees', async (t) => {
  const {env, topic} = await broker(t)
  const all = await askCli<Diagnosis>(['doctor', topic, ...WINDOW], env)
  const left = await askCli<Diagnosis>(['doctor', topic, ...WINDOW, '--ignore', CODE], env)
  const ofAnother = await askCli<Diagnosis>(['doctor', topic, ...WINDOW, '--ignore', `${CODE}:another`], env)
  assert.ok(all.findings.some(({code}) => code === CODE))
  assert.deepEqual(
    left.findings,
    all.findings.filter(({code}) => code !== CODE),
  )
  assert.equal(left.ignoredFindings, all.findings.length - left.findings.length)
  assert.equal(ofAnother.ignoredFindings, 0)

  const text = await runCli(['doctor', topic, ...WINDOW, '--fail-on', 'error', '--ignore', CODE], env)
  assert.deepEqual([text.code, text.stderr], [0, ''])
  assert.match(
    text.stdout,
    new RegExp(`^Checked 1 subscription: .*; ${String(left.ignoredFindings)} findings? ignored \\(Pulsar`),
  )
})

test('an unknown code and an invalid topic are refused before any request', async () => {
  const env = {KEYSHIFT_ADMIN_URL: 'http://127.0.0.1:1'}
  const failure = {exit: 2, env}
  await requireFailure({
    ...failure,
    args: ['doctor', '--ignore', 'hot-keys'],
    code: 'E_FINDING_CODE',
    says: /did you mean hot-key\?/,
  })
  await requireFailure({...failure, args: ['doctor', '--exclude', 'a//b'], code: 'E_TOPIC_NAME', says: /a\/\/b/})
  await requireFailure({
    ...failure,
    args: ['doctor', '--watch', '--fail-on', 'warn'],
    code: 'E_USAGE',
    says: /--fail-on/,
  })
  await requireFailure({...failure, args: ['doctor', '--interval', '5s'], code: 'E_USAGE', says: /--watch/})
})

test('--exclude leaves out topics of a pattern, by name, namespace or glob, and of a snapshot file', async (t) => {
  const {env, scope, topic} = await broker(t)
  const file = join(await temporaryFolder(t), 'incident.json')
  const all = await askCli<Diagnosis>(['doctor', scope, ...WINDOW, '--snapshot', file], env)
  assert.deepEqual(all.checked, [{topic, subscription: RECORDING.subscription}])
  for (const pattern of [topic, scope, `${scope}/*`]) {
    assert.equal((await askCli<Diagnosis>(['doctor', scope, ...WINDOW, '--exclude', pattern], env)).subscriptions, 0)
    assert.equal((await askCli<Diagnosis>(['doctor', '--from', file, '--exclude', pattern])).subscriptions, 0)
  }
  const other = await askCli<Diagnosis>(['doctor', scope, ...WINDOW, '--exclude', 'another', '--exclude', 'x/y'], env)
  assert.equal(other.subscriptions, 1)
})

test('--output markdown and junit print the document alone, also to a narrow terminal', async (t) => {
  const {env, topic} = await broker(t)
  const args = ['doctor', topic, ...WINDOW]
  const markdown = await runCli([...args, '--output', 'markdown'], {...env, COLUMNS: '40'})
  assert.deepEqual([markdown.code, markdown.stderr], [0, ''])
  assert.match(markdown.stdout, /^# keyshift doctor: 1 error/)
  assert.ok(markdown.stdout.includes(`### \`${topic}\` \`${RECORDING.subscription}\`\n`))

  const junit = await runCli([...args, '--output', 'junit', '--fail-on', 'error'], {...env, COLUMNS: '40'})
  assert.deepEqual([junit.code, junit.stderr], [10, ''])
  assert.match(
    junit.stdout,
    new RegExp(
      `^<\\?xml .*<testcase classname="${topic}" name="${RECORDING.subscription}">\\s*<failure type="${CODE}"`,
      's',
    ),
  )

  const both = await runCli([...args, '--output', 'junit', '--watch'], env)
  assert.deepEqual([both.code, both.stdout], [2, ''])
  assert.match(both.stderr, /--watch cannot be combined with --output junit/)
})

test('suggested commands in a ticket have the connection flags', async (t) => {
  const {env, topic} = await broker(t)
  const url = env['KEYSHIFT_ADMIN_URL'] ?? ''
  const {stdout} = await runCli(['doctor', topic, ...WINDOW, '--output', 'markdown', '--admin-url', url])
  for (const line of stdout.split('\n').filter((one) => one.startsWith('keyshift ')))
    assert.ok(line.includes(`--admin-url ${url}`), line)
})

test('--watch in a pipe prints a line per change and exits 0 at Ctrl-C', async (t) => {
  const {env, topic} = await broker(t)
  const {child, finished} = startCli(['doctor', topic, ...WINDOW, '-w', '--interval', '100ms'], env)
  assert.ok(child.stdout)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  assert.match(line, new RegExp(`^\\d{4}-\\S+Z appeared error ${CODE} ${topic} ${RECORDING.subscription}: `))
  child.kill('SIGINT')
  const {code, stderr, stdout} = await finished
  assert.deepEqual([code, stderr], [0, ''])
  const lines = stdout.trimEnd().split('\n')
  assert.equal(new Set(lines.map((one) => one.replace(/^\S+ /, ''))).size, lines.length, 'no change is printed twice')
})

test('--watch --json prints one document per round on one line, and nothing more at Ctrl-C', async (t) => {
  const {env, topic} = await broker(t)
  const {child, finished} = startCli(['doctor', topic, ...WINDOW, '--watch', '--interval', '100ms', '--json'], env)
  assert.ok(child.stdout)
  let rounds = 0
  for await (const line of createInterface(child.stdout)) {
    const {result, schema, warnings} = JSON.parse(line) as Document<Diagnosis>
    assert.deepEqual([schema, result.subscriptions, warnings], ['keyshift.doctor/v1', 1, []])
    rounds += 1
    if (rounds === 3) child.kill('SIGINT')
  }
  const {code, stderr} = await finished
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(rounds >= 3)
})

test('--watch goes on when a round fails, and fails at once when the first one does', async (t) => {
  const {topic, url} = await serveRecording(t, RECORDING)
  let isDown = false
  const outage = createServer((request, response) => {
    if (isDown) response.writeHead(400).end()
    else
      void fetch(`${url}${request.url ?? ''}`).then(async (answer) => {
        response.writeHead(answer.status, {'content-type': 'application/json'}).end(await answer.text())
      })
  }).listen(0, '127.0.0.1')
  await once(outage, 'listening')
  t.after(() => {
    outage.closeAllConnections()
    outage.close()
  })
  const env = {KEYSHIFT_ADMIN_URL: `http://127.0.0.1:${String((outage.address() as AddressInfo).port)}`}
  const {child, finished} = startCli(['doctor', topic, ...WINDOW, '--watch', '--interval', '100ms'], env)
  assert.ok(child.stdout && child.stderr)
  await once(createInterface(child.stdout), 'line')
  isDown = true
  const [warning] = (await once(createInterface(child.stderr), 'line')) as [string]
  assert.match(warning, /^Warning: the check failed: .*400/)
  child.kill('SIGINT')
  const {code, stdout} = await finished
  assert.equal(code, 0)
  assert.doesNotMatch(stdout, / resolved /)

  const run = await runCli(['doctor', topic, '--watch'], env)
  assert.deepEqual([run.code, run.stdout], [4, ''])
})

test('--watch ends at Ctrl-C while a broker does not answer', async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const env = {KEYSHIFT_ADMIN_URL: `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`}
  const {child, finished} = startCli(['doctor', 'public/default', '--watch'], env)
  await once(silent, 'request')
  child.kill('SIGINT')
  assert.deepEqual(await finished, {code: 0, stdout: '', stderr: ''})
})
