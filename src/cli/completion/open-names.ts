import {join} from 'node:path'

import type {Config} from '@oclif/core/interfaces'

import {NameCache} from '../../clients/files/name-cache.js'
import {Connections, type CloseAtEnd} from '../connection/connections.js'
import {openContexts, settingsFor} from '../connection/context-file.js'
import {ownFolder} from '../connection/folders.js'
import type {OpenNames} from './candidates.js'
import type {Line} from './line.js'
import {ClusterNames} from './live-names.js'

/**
 * The names for a line, with the connection of its flags and their variables; nothing is opened before a name is needed.
 */
export function namesFrom(config: Pick<Config, 'root'>, closeAtEnd: CloseAtEnd): OpenNames {
  return (line) => {
    const flags = {...fromVariables(line, process.env), ...line.flags}
    const text = (flag: string): string | null => (typeof flags[flag] === 'string' ? flags[flag] : null)
    return new ClusterNames({
      cache: new NameCache(join(ownFolder('cache'), 'completion')),
      contextNames: async () => (await openContexts(config.root)).names,
      open: async () => new Connections(await settingsFor(config, flags, (flag) => flag in line.flags), closeAtEnd),
      journal: text('journal') ?? 'cluster',
      namespace: text('namespace'),
      env: process.env,
    })
  }
}

/** The values that oclif would read from the environment for the command's flags. */
function fromVariables({command}: Line, env: NodeJS.ProcessEnv): Record<string, string | true> {
  const found: Record<string, string | true> = {}
  for (const {env: variable, name, type} of Object.values(command?.flags ?? {})) {
    const value = variable === undefined ? '' : (env[variable] ?? '')
    if (type === 'option' && value !== '') found[name] = value
    if (type === 'boolean' && /^(1|true|y|yes)$/i.test(value)) found[name] = true
  }
  return found
}
