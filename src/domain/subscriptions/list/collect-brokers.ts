import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {Unreachable} from '../../../errors.js'

/** Opens the admin API of another broker of the same cluster, by its web address. */
export type OpenBroker = (url: string) => Promise<PulsarAdmin>

export interface BrokersOptions {
  /** the cluster's name; not looked at where there is one broker, or no TLS */
  readonly cluster: string
  readonly openBroker: OpenBroker
}

export interface Broker {
  /** the name that the cluster has for it, `host:port` */
  readonly broker: string
  /** by its own address and the scheme that the cluster is asked by; null when nobody tells that address */
  readonly admin: PulsarAdmin | null
}

/** The active brokers, each to be asked by itself; needs a superuser. */
export async function collectBrokers(admin: PulsarAdmin, options: BrokersOptions): Promise<Broker[]> {
  const brokers = await admin.brokers()
  // A broker by itself is known by an address that may not be the way to it.
  if (brokers.length === 1) return brokers.map((broker) => ({broker, admin}))
  if (admin.url.startsWith('https:')) return addressesByTls(admin, brokers, options)
  return Promise.all(brokers.map(async (broker) => ({broker, admin: await options.openBroker(`http://${broker}`)})))
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
async function addressesByTls(
  admin: PulsarAdmin,
  brokers: readonly string[],
  {cluster, openBroker}: BrokersOptions,
): Promise<Broker[]> {
  const ask = async (who: PulsarAdmin, broker: string): Promise<Broker> => {
    const url = await who.brokerUrl(cluster, broker)
    return {broker, admin: url === null ? null : await openBroker(url)}
  }
  const told = await Promise.all(brokers.map((broker) => ask(admin, broker)))
  for (let times = 0; times < MORE_TIMES && told[0] && told.every((one) => one.admin === null); times++) {
    told[0] = await ask(admin, told[0].broker)
  }
  const missing = told.filter((one) => one.admin === null)
  const found = told.flatMap((one) => (one.admin === null ? [] : [{...one, admin: one.admin}]))
  const rest = await firstSuccess(
    found.map((direct) => Promise.all(missing.map(({broker}) => ask(direct.admin, broker)))),
  )
  if (rest !== null) return [...found, ...rest]
  // Nobody else answers: a single one that is not found is the one that does.
  return missing.length === 1 ? [...found, ...missing.map(({broker}) => ({broker, admin}))] : told
}

/** @returns null when nobody answers. */
async function firstSuccess<T>(asked: ReadonlyArray<Promise<T>>): Promise<T | null> {
  try {
    return await Promise.any(asked)
  } catch (error) {
    const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error]
    const unforeseen = reasons.find((one) => !(one instanceof Unreachable))
    if (unforeseen !== undefined) throw unforeseen as Error
    return null
  }
}
