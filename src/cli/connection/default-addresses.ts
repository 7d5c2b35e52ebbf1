import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

/** A value and its source: a flag, an environment variable, a context. */
export interface Sourced<T> {
  readonly value: T
  readonly source: string
}

/** The addresses of the servers, as the stack writes them to its context file. */
export interface Addresses {
  readonly adminUrl: string
  readonly serviceUrl: string
  readonly webSocketUrl: string
  readonly redisUrl: string
}

const [DEFAULT, STACK] = ['default', 'the stack of this checkout']
const DEFAULTS: Addresses = {
  adminUrl: 'http://localhost:8080',
  serviceUrl: 'pulsar://localhost:6650',
  webSocketUrl: 'ws://localhost:8080',
  redisUrl: 'redis://localhost:6379',
}

/**
 * The addresses that apply without any setting: those of the stack that was started in this checkout, otherwise each
 * server's own default. An installed package has no stack.
 *
 * @param root the package's folder.
 */
export async function defaultAddresses(root: string): Promise<Sourced<Addresses>> {
  try {
    const text = await readFile(join(root, '.stack', 'context.json'), 'utf8')
    return {value: {...DEFAULTS, ...(JSON.parse(text) as Partial<Addresses>)}, source: STACK}
  } catch {
    return {value: DEFAULTS, source: DEFAULT}
  }
}

/** Whether no context, flag or variable sets an address. */
export function isDefaultAddress(address: Sourced<string> | null): address is Sourced<string> {
  return address !== null && [DEFAULT, STACK].includes(address.source)
}
