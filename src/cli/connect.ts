import {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
import {openTransport} from '../clients/pulsar-messages/open.js'
import type {MessageTransport} from '../clients/pulsar-messages/transport.js'
import {Usage} from '../errors.js'
import {defaultAddresses} from './addresses.js'

/** The login for Pulsar: a JSON web token from KEYSHIFT_TOKEN, or none. */
function pulsarToken(): string | undefined {
  const token = process.env['KEYSHIFT_TOKEN']
  return token === '' ? undefined : token
}

/**
 * Opens the admin API; nothing is sent yet.
 *
 * @param config oclif's: tells where the package is installed.
 * @param url as given by flag or environment; undefined takes the default address.
 * @throws Usage E_URL when the address is not an http(s) URL.
 */
export async function connectAdmin(config: {root: string}, url: string | undefined): Promise<PulsarAdmin> {
  const address = url ?? (await defaultAddresses(config.root)).adminUrl
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new Usage('E_URL', `--admin-url ${address} is not an http:// or https:// address`, {data: {url: address}})
  }
  return new PulsarAdmin({url: address, token: pulsarToken()})
}

/** Opens the admin API of other brokers of a cluster, by `host:port`; each is kept, to be closed with the command. */
export function brokerOpener(
  admin: PulsarAdmin,
  {config, own}: {readonly config: {root: string}; readonly own: (broker: PulsarAdmin) => PulsarAdmin},
): (address: string) => Promise<PulsarAdmin> {
  const scheme = new URL(admin.url).protocol
  return async (address) => own(await connectAdmin(config, `${scheme}//${address}`))
}

/** As flags give it; what is left out is the default. */
export interface TransportAddresses {
  readonly 'admin-url'?: string | undefined
  readonly 'service-url'?: string | undefined
  readonly 'web-socket-url'?: string | undefined
}

/** Opens a message transport. The WebSocket API is where the admin API is, unless it has an address of its own. */
export async function connectTransport(
  config: {root: string},
  flags: TransportAddresses,
  transport: 'auto' | 'native' | 'websocket',
): Promise<MessageTransport> {
  const known = await defaultAddresses(config.root)
  const adminUrl = flags['admin-url']
  return openTransport({
    transport,
    serviceUrl: flags['service-url'] ?? known.serviceUrl,
    webSocketUrl:
      flags['web-socket-url'] ?? (adminUrl === undefined ? known.webSocketUrl : adminUrl.replace(/^http/, 'ws')),
    token: pulsarToken(),
  })
}
