// @ts-check
// One standalone broker: its configuration, how its JVM is started, and when it is healthy.
import {createHmac, randomBytes} from 'node:crypto'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {networkInterfaces} from 'node:os'
import {join} from 'node:path'
import {VARIANTS} from './identity.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./ports.mjs').Ports} Ports */

export const PULSAR_PORTS = ['web', 'broker', 'bookie']

/** @type {Record<string, string | number | boolean>} */
const CONF = {
  clusterName: 'standalone',
  advertisedAddress: '127.0.0.1',
  bindAddress: '127.0.0.1',
  webSocketServiceEnabled: true,
  managedLedgerDefaultEnsembleSize: 1,
  managedLedgerDefaultWriteQuorum: 1,
  managedLedgerDefaultAckQuorum: 1,
  systemTopicEnabled: true,
  topicLevelPoliciesEnabled: true,
  allowAutoTopicCreation: true,
  brokerDeleteInactiveTopicsEnabled: false,
  forceDeleteNamespaceAllowed: true,
  defaultNumberOfNamespaceBundles: 4,
  statsUpdateFrequencyInSecs: 5,
  statsUpdateInitialDelayInSecs: 5, // not 60: until then the broker's copy of its statistics is empty
  loadBalancerEnabled: false, // one broker; and 3.0.7 does not start with it where the network card's speed is unknown

  // A small machine: the defaults count on many cores.
  numIOThreads: 2,
  numHttpServerThreads: 8,
  numOrderedExecutorThreads: 2,
  numExecutorThreadPoolSize: 2,
  numCacheExecutorThreadPoolSize: 2,
  topicOrderedExecutorThreadNum: 2,
  managedLedgerNumSchedulerThreads: 2,
  bookkeeperClientNumWorkerThreads: 2,
  webSocketNumServiceThreads: 2,
  webSocketNumIoThreads: 2,

  // The bookie reads the same file. Its data is thrown away after use: no waiting for the disk, small files.
  allowEphemeralPorts: true, // without it --bookkeeper-port is ignored and any port taken
  allowLoopback: true,
  journalSyncData: false,
  journalMaxSizeMB: 64,
  journalPreAllocSizeMB: 4,
  journalMaxBackups: 0,
  numJournalCallbackThreads: 1,
  numAddWorkerThreads: 1,
  numReadWorkerThreads: 2,
  numLongPollWorkerThreads: 1,
  numHighPriorityWorkerThreads: 1,
  serverNumIOThreads: 2,
  dbStorage_writeCacheMaxSizeMb: 64,
  dbStorage_readAheadCacheMaxSizeMb: 32,
  diskUsageThreshold: 0.99, // a nearly full disk should not make the test broker read-only
  diskUsageWarnThreshold: 0.985,
}

const OPENED_PACKAGES = [
  ...['java.io', 'java.lang', 'java.util.zip', 'sun.net', 'jdk.internal.platform'].map((name) => `java.base/${name}`),
  'java.management/sun.management',
  'jdk.management/com.sun.management.internal',
]

/**
 * Writes the broker's files into its data folder.
 * @param {Identity} identity
 * @param {{dir: string, ports: Ports, java: string, classpath: string, log4j: string}} options
 * @returns {import('./processes.mjs').Program}
 */
export function brokerProgram(identity, {dir, ports, java, classpath, log4j}) {
  const path = (/** @type {string} */ name) => join(dir, name)
  mkdirSync(path('tmp'), {recursive: true})
  const variant = VARIANTS[identity.config]
  const settings = {
    ...CONF,
    webServicePort: ports.web,
    brokerServicePort: ports.broker,
    listeningInterface: loopbackName(),
    ...variant.conf,
    ...(variant.auth === 'token' ? tokenSettings(dir) : {}),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(path('broker.conf'), lines.join(''), {mode: 0o600})
  const jvm = [
    ...OPENED_PACKAGES.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    ...[
      '-Xms256m',
      '-Xmx1g',
      '-XX:MaxDirectMemorySize=512m',
      '-XX:+UseG1GC',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:-UsePerfData',
    ],
    '-Dio.netty.tryReflectionSetAccessible=true',
    `-Dlog4j2.configurationFile=${log4j}`,
    `-Dkeyshift.log=${brokerLog(dir)}`,
    `-Djava.io.tmpdir=${path('tmp')}`, // native libraries are unpacked there, and go with the data
    ...['-cp', classpath],
  ]
  const standalone = [
    ...['-c', path('broker.conf'), '-nfw', '-nss', '--num-bookies', '1', '--bookkeeper-port', String(ports.bookie)],
    ...['--metadata-dir', path('metadata'), '--bookkeeper-dir', path('bookkeeper')],
  ]
  // The class path alone has 35 kB: in a file, the process list stays readable.
  const args = [...jvm, 'org.apache.pulsar.PulsarStandaloneStarter', ...standalone]
  writeFileSync(
    path('java.args'),
    args.map((arg) => `"${arg.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`).join(''),
  )
  return brokerAgain(dir, java)
}

/** A broker whose files are there already. @param {string} dir @param {string} java @returns {import('./processes.mjs').Program} */
export function brokerAgain(dir, java) {
  return {name: 'broker', command: java, args: [`@${join(dir, 'java.args')}`], cwd: dir, log: join(dir, 'broker.out')}
}

/** @param {string} dir */
export const brokerLog = (dir) => join(dir, 'broker.log')

/** The admin token's file, in the variants that have one. @param {Identity} identity @param {string} dir */
export const tokenFile = (identity, dir) =>
  VARIANTS[identity.config].auth === 'token' ? join(dir, 'token') : undefined

/** @param {Ports} ports */
export function pulsarAddresses(ports) {
  return {
    adminUrl: `http://127.0.0.1:${ports.web}`,
    serviceUrl: `pulsar://127.0.0.1:${ports.broker}`,
    webSocketUrl: `ws://127.0.0.1:${ports.web}`,
  }
}

/**
 * What still keeps the broker from being ready; undefined when it is.
 * @param {Identity} identity
 * @param {{dir: string, ports: Ports, createNamespace: boolean}} options
 * @returns {Promise<string | undefined>}
 */
export async function brokerProblem(identity, {dir, ports, createNamespace}) {
  try {
    const admin = adminClient(identity, dir, ports)
    const health = await admin('GET', 'brokers/health')
    if (health !== 'ok') return `health check answers: ${health.slice(0, 200)}`
    const namespaces = await admin('GET', 'namespaces/public')
    if (namespaces.includes('"public/default"')) return undefined
    // The standalone makes both itself, shortly after it is healthy.
    if (createNamespace) {
      await admin('PUT', 'tenants/public', {allowedClusters: ['standalone']})
      await admin('PUT', 'namespaces/public/default', {replication_clusters: ['standalone']})
    }
    return 'namespace public/default is not there yet'
  } catch (error) {
    return String(/** @type {any} */ (error).cause?.message || error)
  }
}

/** @param {Identity} identity @param {string} dir @param {Ports} ports */
function adminClient(identity, dir, ports) {
  const file = tokenFile(identity, dir)
  /** @type {Record<string, string>} */
  const headers = file ? {authorization: `Bearer ${readFileSync(file, 'utf8').trim()}`} : {}
  return async (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body = undefined) => {
    const response = await fetch(`${pulsarAddresses(ports).adminUrl}/admin/v2/${path}`, {
      method,
      headers: {...headers, connection: 'close', ...(body ? {'content-type': 'application/json'} : {})},
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(5_000),
    })
    return response.text()
  }
}

/** A secret for this stack alone, and a token signed with it for the user `admin`. @param {string} dir */
function tokenSettings(dir) {
  const secret = randomBytes(32)
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const unsigned = `${encode({alg: 'HS256'})}.${encode({sub: 'admin'})}`
  const token = `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
  writeFileSync(join(dir, 'token'), token, {mode: 0o600})
  return {
    authenticationProviders: 'org.apache.pulsar.broker.authentication.AuthenticationProviderToken',
    tokenSecretKey: `data:;base64,${secret.toString('base64')}`,
    superUserRoles: 'admin',
    brokerClientAuthenticationPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
    brokerClientAuthenticationParameters: `token:${token}`,
  }
}

/** The bookie takes the name of a network interface, not an address. */
function loopbackName() {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({address}) => address === '127.0.0.1'),
  )
  return found?.[0] ?? 'lo'
}
