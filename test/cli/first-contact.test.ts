import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {cp, mkdir, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import {ROOT} from '../support/root.js'
import {parseDocument} from '../support/shells/cli.js'
import {temporaryFolder} from '../support/shells/folder.js'

/** A copy of the package without the stack of this checkout, so that the addresses are the default ones. */
async function installed(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  for (const part of ['bin', 'dist', 'schemas', 'package.json', 'oclif.manifest.json'])
    await cp(join(ROOT, part), join(folder, part), {recursive: true})
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function keyshift(folder: string, args: readonly string[], env: Record<string, string>): Promise<Run> {
  const {PATH = ''} = process.env
  const options = {env: {PATH, HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), ...env}}
  return new Promise((resolve) => {
    execFile(process.execPath, [join(folder, 'bin', 'run.js'), ...args], options, (error, stdout, stderr) => {
      resolve({code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr})
    })
  })
}

test('without a context, a failed connection offers the contexts of other tools, and an import is enough to use them', async (t) => {
  const folder = await installed(t)
  await mkdir(join(folder, '.config', 'pulsar'), {recursive: true})
  const config = 'contexts: {local: {admin-service-url: "http://127.0.0.1:1"}}\ncurrent-context: local\n'
  await writeFile(join(folder, '.config', 'pulsar', 'config'), config)
  const env = {PULSAR_ADMIN_URL: 'http://127.0.0.1:2'}
  const first = await keyshift(folder, ['subscriptions', 'list'], env)
  assert.equal(first.code, 4, first.stderr)
  assert.match(
    first.stderr,
    /http:\/\/localhost:8080: .*; this is the default address, because no context, flag or variable sets/,
  )
  assert.match(first.stderr, /^ {2}found pulsarctl context local: keyshift context import --from pulsarctl$/m)
  assert.match(first.stderr, /^ {2}found PULSAR_ADMIN_URL: keyshift context import --from env$/m)
  const imported = await keyshift(folder, ['context', 'import', '--from', 'pulsarctl', '--yes'], env)
  assert.match(imported.stdout, /Switched to context local\./)
  const {error} = parseDocument((await keyshift(folder, ['subscriptions', 'list', '--json'], env)).stdout)
  assert.match(error.message, /cannot reach broker at http:\/\/127\.0\.0\.1:1: connection refused/)
  assert.ok(!error.next.some((step) => step.startsWith('found ')), 'only a default address is explained')
})
