import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {Unreachable} from '../../../errors.js'

/** Opens the admin API of another broker of the same cluster, by its web address. */
export type OpenBroker = (url: string) => Promise<PulsarAdmin>

export interface BrokersOptions {
  /** the cluster's name; used only with TLS and more than one broker */
  readonly cluster: string
  readonly openBroker: OpenBroker
}

export interface Broker {
  /** its name in the cluster, `host:port` */
  readonly broker: string
  /** a client for its own address, with the scheme of the cluster's URL; null when that address is unknown */
  readonly admin: PulsarAdmin | null
}

/** The active brokers, each with a client of its own. Requires a superuser. */
export async function collectBrokers(admin: PulsarAdmin, options: BrokersOptions): Promise<Broker[]> {
  const brokers = await admin.brokers()
  // The advertised address of a single broker may be unreachable from here, so the given address is used.
  if (brokers.length === 1) return brokers.map((broker) => ({broker, admin}))
  if (admin.url.startsWith('https:')) return addressesByTls(admin, brokers, options)
  return Promise.all(brokers.map(async (broker) => ({broker, admin: await options.openBroker(`http://${broker}`)})))
}

/**
 * Maximum number of retries while every request happened to reach the very broker it asked for, which sends no redirect.
 * With two brokers behind a load balancer each retry succeeds with probability 1/2.
 */
const MAX_RETRIES = 20

/**
 * Finds the TLS address of each broker. The broker list contains plain ports only; a TLS port appears only in a redirect
 * from another broker. Behind a load balancer any broker may answer, so an answer without a redirect does not prove that
 * the intended broker was reached. Brokers that are still missing are requested through the brokers already found.
 */
async function addressesByTls(
  admin: PulsarAdmin,
  brokers: readonly string[],
  {cluster, openBroker}: BrokersOptions,
): Promise<Broker[]> {
  const ask = async (through: PulsarAdmin, broker: string): Promise<Broker> => {
    const url = await through.brokerUrl(cluster, broker)
    return {broker, admin: url === null ? null : await openBroker(url)}
  }
  const asked = await Promise.all(brokers.map((broker) => ask(admin, broker)))
  for (let times = 0; times < MAX_RETRIES && asked[0] && asked.every((one) => one.admin === null); times++) {
    asked[0] = await ask(admin, asked[0].broker)
  }
  const missing = asked.filter((one) => one.admin === null)
  const found = asked.flatMap((one) => (one.admin === null ? [] : [{...one, admin: one.admin}]))
  const rest = await firstSuccess(
    found.map((direct) => Promise.all(missing.map(({broker}) => ask(direct.admin, broker)))),
  )
  if (rest !== null) return [...found, ...rest]
  // No other broker answers, so a single missing broker is the one behind the given address.
  return missing.length === 1 ? [...found, ...missing.map(({broker}) => ({broker, admin}))] : asked
}

/** @returns null when every request fails because its broker is unreachable. */
async function firstSuccess<T>(requests: ReadonlyArray<Promise<T>>): Promise<T | null> {
  try {
    return await Promise.any(requests)
  } catch (error) {
    const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error]
    const unexpected = reasons.find((one) => !(one instanceof Unreachable))
    if (unexpected !== undefined) throw unexpected as Error
    return null
  }
}
