import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import type {TestContext} from 'node:test'
import {promisify} from 'node:util'

import {commandsFolder, pulsarAdminClasspath} from '../shells/pulsar-admin.js'
import {ask, until} from '../servers/live.js'
import type {FaultLab} from './fault-lab.js'
import {type Shape, shapeOf} from './remedy-runs.js'

const classpath = pulsarAdminClasspath()

/** Why no command of pulsar-admin can run here; false if it can. */
export const WITHOUT_PULSAR_ADMIN = classpath === null ? 'Maven cannot resolve pulsar-client-tools' : false

/** What keyshift's commands print that remedies contain. */
const PRINTS: Readonly<Record<Shape, RegExp>> = {
  'keyshift keys owner': /SLOT|PARTITION/,
  'keyshift keys ranges': /worker-0/,
  'keyshift keys sample': /KEY/,
  'keyshift keys sample --source': /^it's hot .*worker-0$/m,
  'keyshift keys sample --where --max': /KEY/,
  'keyshift locks inspect': /never expires/,
  'keyshift locks release -o': /plan\.json/,
  // Other tests may have migrations in the same cluster.
  'keyshift migrate list': /(?:^No (?:readable )?migrations found\.$|^ID +STATE)[^]*^journal: cluster$/m,
  'keyshift subscriptions inspect': /Backlog/,
}

/**
 * Pastes the remedies into a shell, in their order. Each command must succeed: keyshift's prints what it is for, and after
 * an unload the old consumers are disconnected. What other commands of pulsar-admin and requests change, the caller checks.
 *
 * @param remedies commands and sentences; of a sentence, only a request to the admin API is sent.
 * @returns the folder in which they ran.
 */
export async function runRemedies(t: TestContext, lab: FaultLab, remedies: readonly string[]): Promise<string> {
  const folder = await commandsFolder(t, classpath ?? '', lab.place.addresses.adminUrl)
  for (const command of new Set(remedies)) {
    const [, method, path] = /(DELETE) \/admin\/v2(\S+)/.exec(command) ?? []
    if (method !== undefined && path !== undefined) await ask(lab.place.addresses, method, path)
    const shape = shapeOf(command)
    if (shape === null || (shape.startsWith('pulsar-admin ') && classpath === null)) continue
    const startedAt = Date.now()
    const printed = await paste(lab, folder, command)
    const expected = PRINTS[shape]
    if (expected) assert.match(printed, expected, command)
    else assert.ok(shape.startsWith('pulsar-admin '), `no test knows what ${shape} does`)
    if (shape !== 'pulsar-admin topics unload') continue
    await until('the end of the connections from before the unload', async () => {
      const {consumers = []} = await lab.stats()
      return consumers.every(({connectedSince = ''}) => Date.parse(connectedSince) >= startedAt)
    })
  }
  return folder
}

/** Runs a command as a user pastes it. @returns what it prints. */
async function paste({place: {addresses}}: FaultLab, folder: string, command: string): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    KEYSHIFT_ADMIN_URL: addresses.adminUrl,
    KEYSHIFT_REDIS_URL: addresses.redisUrl,
  }
  const {stdout} = await promisify(execFile)('bash', ['-c', command], {cwd: folder, env})
  return stdout
}
