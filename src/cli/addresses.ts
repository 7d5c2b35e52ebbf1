import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

/** Where the servers are, as the stack writes them to its context file. */
export interface Addresses {
  readonly adminUrl: string
  readonly serviceUrl: string
  readonly webSocketUrl: string
  readonly redisUrl: string
}

const DEFAULTS: Addresses = {
  adminUrl: 'http://localhost:8080',
  serviceUrl: 'pulsar://localhost:6650',
  webSocketUrl: 'ws://localhost:8080',
  redisUrl: 'redis://localhost:6379',
}

/**
 * The addresses to use when neither a flag nor an environment variable gives them: those of the stack that was brought
 * up in this checkout, else each server's own default. An installed package has no stack beside it.
 *
 * @param root the package's folder.
 */
export async function defaultAddresses(root: string): Promise<Addresses> {
  try {
    const text = await readFile(join(root, '.stack', 'context.json'), 'utf8')
    return {...DEFAULTS, ...(JSON.parse(text) as Partial<Addresses>)}
  } catch {
    return DEFAULTS
  }
}
