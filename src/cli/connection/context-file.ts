import {existsSync} from 'node:fs'
import {join} from 'node:path'

import type {Contexts} from '../../clients/contexts/contexts.js'
import {Usage} from '../../errors.js'
import {defaultAddresses} from './default-addresses.js'
import {ownFolder} from './folders.js'
import {schemaErrors} from '../files/schema-validation.js'
import {type GivenFlags, type SettingSources, resolveSettings, type Settings} from './settings.js'
import {nearestNames} from '../../nearest-name.js'
import {suggestedCommand} from '../../suggested-command.js'

/** The path of the context file. */
export function contextsPath(): string {
  return join(ownFolder('config'), 'contexts.yaml')
}

/** @param root the package's folder, which contains the schemas. @throws Usage E_CONTEXT_FILE */
export async function openContexts(root: string): Promise<Contexts> {
  const {Contexts} = await import('../../clients/contexts/contexts.js') // loaded here because it is slow to load and few commands need it
  return Contexts.open(contextsPath(), (content) => schemaErrors(root, 'contexts', content, 'file'))
}

/**
 * The effective settings of a command.
 *
 * @throws Usage E_CONTEXT_FILE, E_CONTEXT for a context that does not exist, E_LOGIN.
 */
export async function settingsFor(
  config: {readonly root: string},
  flags: GivenFlags,
  isOnCommandLine: (flag: string) => boolean,
): Promise<Settings> {
  const isAsked = typeof flags['context'] === 'string'
  const contexts = isAsked || existsSync(contextsPath()) ? await openContexts(config.root) : null
  const context = contexts && chosenContext(contexts, flags, isOnCommandLine)
  return resolveSettings({
    flags,
    isOnCommandLine,
    env: process.env,
    context,
    addresses: await defaultAddresses(config.root),
  })
}

function chosenContext(
  contexts: Contexts,
  flags: GivenFlags,
  isOnCommandLine: (flag: string) => boolean,
): SettingSources['context'] {
  const asked = flags['context']
  const name = typeof asked === 'string' && asked !== '' ? asked : contexts.file.current
  if (name === undefined) return null
  const values = contexts.get(name)
  if (values === null) throw noSuchContext(contexts, name)
  const source =
    asked === undefined ? `current in ${contexts.path}` : isOnCommandLine('context') ? '--context' : 'KEYSHIFT_CONTEXT'
  return {name, source, values}
}

export function noSuchContext({names, path}: Contexts, name: string): Usage {
  const near = nearestNames(name, names)
  const known =
    names.length === 0
      ? 'no contexts are defined'
      : near.length > 0
        ? `did you mean ${near.join(' or ')}?`
        : `defined contexts: ${names.join(', ')}`
  return new Usage('E_CONTEXT', `no context ${name} in ${path}; ${known}`, {
    data: {context: name, known: names},
    next: [
      suggestedCommand('context', 'list'),
      ...(near.length > 0 ? [] : [suggestedCommand('context', 'add', name, '--admin-url', 'http://HOST:8080')]),
    ],
  })
}
