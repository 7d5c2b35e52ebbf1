import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {Unreachable} from '../../errors.js'
import {collectSettings} from './collect-settings.js'

/** Opens the admin API of another broker of the same cluster, by its web address. */
export type OpenBroker = (url: string) => Promise<PulsarAdmin>

export interface Broker {
  /** the name that the cluster has for it, `host:port` */
  readonly broker: string
  /** its own web address, by the scheme that the cluster is asked by; null when nobody tells it */
  readonly url: string | null
}

/** The active brokers, each with its own address; needs a superuser. */
export async function collectBrokers(admin: PulsarAdmin, openBroker: OpenBroker): Promise<Broker[]> {
  const brokers = await admin.brokers()
  // A broker by itself is known by an address that may not be the way to it.
  if (brokers.length === 1) return brokers.map((broker) => ({broker, url: admin.url}))
  if (admin.url.startsWith('http:')) return brokers.map((broker) => ({broker, url: `http://${broker}`}))
  const settings = await collectSettings(admin, ['clusterName'])
  return tlsAddresses(admin, brokers, {cluster: settings?.clusterName ?? '', openBroker})
}

/**
 * How often one broker is asked for once more while, by chance, each was asked for at itself. Of two behind a load balancer one
 * is found each second time.
 */
const MORE_TIMES = 20

/**
 * A broker that has both is known by its plain port, and its TLS port is told only by another broker that sends somebody on to
 * it. Behind a load balancer it is not known who answers, and it may be another one each time: so who sends nobody on is not
 * taken for the broker asked for, but looked for by those that were found.
 */
async function tlsAddresses(
  admin: PulsarAdmin,
  brokers: readonly string[],
  {cluster, openBroker}: {cluster: string; openBroker: OpenBroker},
): Promise<Broker[]> {
  const told = await Promise.all(brokers.map(async (broker) => ({broker, url: await admin.brokerUrl(cluster, broker)})))
  for (let times = 0; times < MORE_TIMES && told[0] && told.every(({url}) => url === null); times++) {
    told[0] = {...told[0], url: await admin.brokerUrl(cluster, told[0].broker)}
  }
  const [missing, found] = [told.filter(({url}) => url === null), told.filter(({url}) => url !== null)]
  const rest = await firstAnswer(
    found.map(async ({url}) => {
      const direct = await openBroker(url ?? '')
      return Promise.all(missing.map(async ({broker}) => ({broker, url: await direct.brokerUrl(cluster, broker)})))
    }),
  )
  if (rest !== null) return [...found, ...rest]
  // Nobody else answers: a single one that is not found is the one that does.
  return missing.length === 1 ? [...found, ...missing.map((one) => ({...one, url: admin.url}))] : told
}

/** @returns null when nobody answers. */
async function firstAnswer<T>(asked: ReadonlyArray<Promise<T>>): Promise<T | null> {
  try {
    return await Promise.any(asked)
  } catch (error) {
    const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error]
    const unforeseen = reasons.find((one) => !(one instanceof Unreachable))
    if (unforeseen !== undefined) throw unforeseen as Error
    return null
  }
}
