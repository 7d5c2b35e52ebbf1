import {homedir} from 'node:os'
import {join, resolve} from 'node:path'

import {importClientConf, importClientEnv} from '../../clients/contexts/client-conf.js'
import type {Imported} from '../../clients/contexts/imported.js'
import {importPulsarctl} from '../../clients/contexts/pulsarctl.js'
import {Usage} from '../../errors.js'

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
  const conf = file ?? process.env['PULSAR_CLIENT_CONF'] ?? ''
  if (from === 'pulsarctl') return fromPulsarctl(file ?? join(homedir(), '.config', 'pulsar', 'config'), name)
  // Pulsar's tools read the file before the variables.
  if (conf !== '') return [await importClientConf(resolve(conf), name ?? 'pulsar')]
  if (from === 'env') return [importClientEnv(process.env, name ?? 'pulsar')]
  throw new Usage('E_IMPORT', 'no client.conf given: pass --file, or set PULSAR_CLIENT_CONF')
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
