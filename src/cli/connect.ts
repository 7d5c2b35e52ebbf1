import {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
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
