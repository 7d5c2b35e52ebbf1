import {existsSync} from 'node:fs'
import {resolve} from 'node:path'

import {importClientConf, importClientEnv} from '../../clients/contexts/client-conf.js'
import type {Imported} from '../../clients/contexts/imported.js'
import {importPulsarctl} from '../../clients/contexts/pulsarctl.js'
import {Usage} from '../../errors.js'
import {clientConfPaths, pulsarctlPath} from './other-tools.js'

export interface ImportWish {
  readonly from: 'client.conf' | 'env' | 'pulsarctl'
  readonly file?: string | undefined
  readonly name?: string | undefined
  readonly protected: boolean
}

/** Reads the contexts of another tool. @throws Usage E_IMPORT when there are none. */
export async function importable(wish: ImportWish): Promise<Imported[]> {
  const found = await read(wish)
  return found.map((one) => (wish.protected ? {...one, context: {...one.context, protected: true}} : one))
}

async function read({file, from, name}: ImportWish): Promise<Imported[]> {
  if (from === 'pulsarctl') return fromPulsarctl(file ?? pulsarctlPath(), name)
  // Pulsar's tools read the file of PULSAR_CLIENT_CONF before the variables.
  const conf = file ?? process.env['PULSAR_CLIENT_CONF'] ?? ''
  if (conf === '' && from === 'env') return [importClientEnv(process.env, name ?? 'pulsar')]
  const paths = conf === '' ? clientConfPaths(process.env) : [resolve(conf)]
  const path = conf === '' ? paths.find((one) => existsSync(one)) : paths[0]
  if (path !== undefined) return [await importClientConf(path, name ?? 'pulsar')]
  throw new Usage('E_IMPORT', `no client.conf found in ${paths.join(', ')}: pass --file, or set PULSAR_CLIENT_CONF`, {
    data: {paths},
  })
}

async function fromPulsarctl(path: string, name: string | undefined): Promise<Imported[]> {
  const all = await importPulsarctl(resolve(path))
  const found = name === undefined ? all : all.filter((one) => one.name === name)
  if (found.length > 0) return found
  const known = all.map((one) => one.name)
  throw new Usage(
    'E_IMPORT',
    `${path} has no context${name === undefined ? '' : ` ${name}; it has ${known.join(', ')}`}`,
    {
      data: {path, known},
    },
  )
}
