import {chmod, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {TestContext} from 'node:test'

import {mavenClasspath} from '../fleets/programs.js'
import {temporaryFolder} from './folder.js'
import {BIN} from './cli.js'

const MAIN = 'org.apache.pulsar.admin.cli.PulsarAdminTool'

/** The tool that Pulsar's documentation names; null where Maven cannot resolve it. */
export function pulsarAdminClasspath(): string | null {
  return mavenClasspath('org.apache.pulsar:pulsar-client-tools:4.0.8')
}

/** A folder with the commands `pulsar-admin` and `keyshift`, for a shell's PATH. */
export async function commandsFolder(t: TestContext, classpath: string, adminUrl: string): Promise<string> {
  const folder = await temporaryFolder(t)
  const settings = join(folder, 'client.conf')
  await writeFile(settings, `webServiceUrl=${adminUrl}\n`)
  const commands = {
    'pulsar-admin': `exec java -XX:TieredStopAtLevel=1 -cp '${classpath}' ${MAIN} '${settings}' "$@"`,
    keyshift: `exec '${process.execPath}' '${BIN}' "$@"`,
  }
  for (const [name, line] of Object.entries(commands)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${line}\n`)
    await chmod(join(folder, name), 0o755)
  }
  return folder
}
