import {homedir} from 'node:os'
import {join, resolve} from 'node:path'

import {importClientConf, importClientEnv} from '../../clients/contexts/client-conf.js'
import type {Imported} from '../../clients/contexts/imported.js'
import {importPulsarctl} from '../../clients/contexts/pulsarctl.js'
import {type KeyshiftError, Unreachable} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import type {Sourced} from './default-addresses.js'
import {displayedUrl} from './displayed-url.js'

/** Environment and home folder in which the settings of other Pulsar tools are searched. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
}

/** Errors that a wrong address may cause. */
const WRONG_ADDRESS: ReadonlySet<string> = new Set([
  'E_BROKER_ANSWER',
  'E_BROKER_TLS',
  'E_BROKER_UNREACHABLE',
  'E_LOGIN_REFUSED',
])

/** The context file of pulsarctl. */
export function pulsarctlPath(home: string = homedir()): string {
  return join(home, '.config', 'pulsar', 'config')
}

/** The places of client.conf in the order in which they are searched. */
export function clientConfPaths(env: NodeJS.ProcessEnv): string[] {
  const {PULSAR_CLIENT_CONF: named = '', PULSAR_HOME: folder = ''} = env
  return [
    ...(named === '' ? [] : [resolve(named)]),
    '/etc/pulsar/client.conf',
    ...(folder === '' ? [] : [resolve(folder, 'conf', 'client.conf')]),
  ]
}

/**
 * Completes the error of a command that used a default address: it names the settings of other Pulsar tools on this
 * machine, and the commands that import them. Other errors are returned unchanged.
 *
 * @param address the default address that the command used.
 */
export async function withFoundSettings(
  error: KeyshiftError,
  address: Sourced<string>,
  surroundings: Surroundings,
): Promise<KeyshiftError> {
  if (!WRONG_ADDRESS.has(error.code)) return error
  const found = await foundSettings(surroundings)
  const origin = address.source === 'default' ? 'the default address' : `the address of ${address.source}`
  return new Unreachable(
    error.code,
    `${error.message}; this is ${origin}, because no context, flag or variable sets one`,
    {
      data: {...error.data, found},
      next: [
        ...found.map(({command, what}) => `found ${what}: ${command}`),
        ...error.next,
        suggestedCommand('context', 'add', 'NAME', '--admin-url', 'http://HOST:8080'),
      ],
      cause: error.cause,
    },
  )
}

/** The settings of another Pulsar tool. */
interface FoundSettings {
  readonly what: string
  readonly adminUrl: string | null
  readonly command: string
}

async function foundSettings({env, home}: Surroundings): Promise<FoundSettings[]> {
  const conf = await Promise.all(clientConfPaths(env).map((path) => foundClientConf(path)))
  const found = [conf.find((one) => one !== null) ?? null, await foundPulsarctl(home), foundVariables(env)]
  return found.filter((one) => one !== null)
}

async function foundClientConf(path: string): Promise<FoundSettings | null> {
  const found = await importClientConf(path, 'pulsar').catch(() => null)
  return found && describe(path, found, ['client.conf', '--file', path])
}

async function foundPulsarctl(home: string): Promise<FoundSettings | null> {
  const all = await importPulsarctl(pulsarctlPath(home)).catch(() => [])
  const found = all.find(({isCurrent}) => isCurrent) ?? (all.length === 1 ? all[0] : undefined)
  return found ? describe(`pulsarctl context ${found.name}`, found, ['pulsarctl']) : null
}

function foundVariables(env: NodeJS.ProcessEnv): FoundSettings | null {
  try {
    const found = importClientEnv(env, 'pulsar')
    return describe(found.variables.join(' and '), found, ['env'])
  } catch {
    return null
  }
}

function describe(what: string, {context}: Imported, from: readonly string[]): FoundSettings {
  const {adminUrl} = context
  return {
    what,
    adminUrl: adminUrl === undefined ? null : displayedUrl(adminUrl),
    command: suggestedCommand('context', 'import', '--from', ...from),
  }
}
