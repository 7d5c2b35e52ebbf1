// @ts-check
// The brokers of a stack: their JVM arguments and health checks. The first broker is a standalone with its metadata store and bookie.
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {brokerSettings} from './broker-conf.mjs'
import {VARIANTS} from './identity.mjs'
import {adminHeaders, hasEveryLogin, hasTls, loginPorts, loginsDir, tokenFile} from './logins.mjs'
import {AUDIENCE, issuerUrl} from './openid.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./ports.mjs').Ports} Ports */
/** @typedef {import('./processes.mjs').Program} Program */
/** @typedef {{adminUrl: string, serviceUrl: string, webSocketUrl: string, adminTlsUrl?: string, serviceTlsUrl?: string, webSocketTlsUrl?: string}} Addresses */
/** @typedef {{dir: string, ports: Ports, java: string, classpath: string, log4j: string, logins: import('./logins.mjs').Settings}} Options */

const SECOND = 'broker-2'

/** The names of the ports of a stack's brokers. @param {Identity} identity */
export function pulsarPorts(identity) {
  const first = ['web', 'broker', ...(hasTls(identity) ? ['webTls', 'brokerTls'] : [])]
  const second = hasSecondBroker(identity) ? ['zookeeper', ...first.map((name) => `${name}2`)] : []
  return [...first, 'bookie', ...second, ...loginPorts(identity)]
}

const OPENED_PACKAGES = [
  ...['java.io', 'java.lang', 'java.util.zip', 'sun.net', 'jdk.internal.platform'].map((name) => `java.base/${name}`),
  'java.management/sun.management',
  'jdk.management/com.sun.management.internal',
]

/** @param {Identity} identity */
export const hasSecondBroker = ({config}) => VARIANTS[config].brokers === 2

/** Writes the files of the first broker. @param {Identity} identity @param {Options} options */
export function brokerProgram(identity, options) {
  const {dir, logins, ports} = options
  const conf = writeConf(dir, 'broker', brokerSettings(identity, {...ports, logins}))
  const metadata = hasSecondBroker(identity)
    ? ['--zookeeper-port', String(ports.zookeeper), '--zookeeper-dir', join(dir, 'zookeeper')]
    : ['--metadata-dir', join(dir, 'metadata')]
  const standalone = [
    ...['-c', conf, '-nfw', '-nss', '--num-bookies', '1', '--bookkeeper-port', String(ports.bookie)],
    ...metadata,
    ...['--bookkeeper-dir', join(dir, 'bookkeeper')],
  ]
  writeArguments('broker', ['org.apache.pulsar.PulsarStandaloneStarter', ...standalone], options)
  return brokerAgain(identity, dir, options.java)
}

/** Writes the files of the second broker, which uses the ZooKeeper and the bookie of the first. @param {Identity} identity @param {Options} options */
export function secondBrokerProgram(identity, options) {
  const {dir, logins, ports} = options
  const metadataStore = `zk:127.0.0.1:${ports.zookeeper}`
  const conf = writeConf(dir, SECOND, {
    ...brokerSettings(identity, {...secondPorts(ports), logins}),
    metadataStoreUrl: metadataStore,
    configurationMetadataStoreUrl: metadataStore,
  })
  writeArguments(SECOND, ['org.apache.pulsar.PulsarBrokerStarter', '--broker-conf', conf], options)
  return javaProgram(SECOND, dir, options.java)
}

/** @param {Ports} ports */
const secondPorts = ({web2, broker2, webTls2, brokerTls2}) => ({
  web: web2,
  broker: broker2,
  webTls: webTls2,
  brokerTls: brokerTls2,
})

/** The first broker, with the files that exist already. @param {Identity} identity @param {string} dir @param {string} java */
export function brokerAgain(identity, dir, java) {
  const program = javaProgram('broker', dir, java)
  // The metadata store of a standalone cannot be shared between processes.
  return hasSecondBroker(identity) ? {...program, env: {PULSAR_STANDALONE_USE_ZOOKEEPER: '1'}} : program
}

/** @param {string} name @param {string} dir @param {string} java @returns {Program} */
function javaProgram(name, dir, java) {
  return {name, command: java, args: [`@${argumentsFile(dir, name)}`], cwd: dir, log: join(dir, `${name}.out`)}
}

/** @param {string} dir @param {string} name @param {import('./broker-conf.mjs').Settings} settings */
function writeConf(dir, name, settings) {
  const path = join(dir, `${name}.conf`)
  const lines = Object.entries(settings).map(([setting, value]) => `${setting}=${value}\n`)
  writeFileSync(path, lines.join(''), {mode: 0o600})
  return path
}

/** @param {string} name @param {string[]} program main class and its arguments @param {Options} options */
function writeArguments(name, program, {dir, classpath, log4j}) {
  mkdirSync(join(dir, 'tmp'), {recursive: true})
  const jvm = [
    ...OPENED_PACKAGES.flatMap((opened) => ['--add-opens', `${opened}=ALL-UNNAMED`]),
    ...[
      '-Xms256m',
      '-Xmx1g',
      '-XX:MaxDirectMemorySize=512m',
      // For a broker that runs for minutes, these halve the processor time of its start, and save a third afterwards.
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:-UsePerfData',
    ],
    '-Dio.netty.tryReflectionSetAccessible=true',
    `-Dlog4j2.configurationFile=${log4j}`,
    `-Dkeyshift.log=${brokerLog(dir, name)}`,
    `-Djava.io.tmpdir=${join(dir, 'tmp')}`, // native libraries are unpacked there, and are deleted with the data
    ...['-cp', classpath],
  ]
  // The class path has 35 kB: in a file it does not fill the process list.
  writeFileSync(
    argumentsFile(dir, name),
    [...jvm, ...program].map((arg) => `"${arg.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`).join(''),
  )
}

/** @param {string} dir @param {string} name */
const argumentsFile = (dir, name) => join(dir, `${name}.args`)

/** @param {string} dir @param {string} [name] */
export const brokerLog = (dir, name = 'broker') => join(dir, `${name}.log`)

/** The addresses of the brokers and the files with logins. @param {Identity} identity @param {{dir: string, ports: Ports}} options */
export function pulsarContext(identity, {dir, ports}) {
  const token = tokenFile(identity, dir)
  return {
    ...addresses(ports),
    ...(hasSecondBroker(identity) ? throughSecond(addresses(secondPorts(ports))) : {}),
    ...(token ? {tokenFile: token} : {}),
    ...(hasTls(identity) ? {loginsDir: loginsDir(dir)} : {}),
    ...(hasEveryLogin(identity) ? {issuerUrl: issuerUrl(ports), audience: AUDIENCE} : {}),
  }
}

/** Clients use the second broker: a standalone routes its clients through itself even if another broker serves the topic. @param {Addresses} second */
function throughSecond(second) {
  const {serviceUrl, webSocketUrl} = second
  return {serviceUrl, webSocketUrl, second}
}

/** @param {Partial<Ports>} ports the ports of one broker @returns {Addresses} */
function addresses({web, broker, webTls, brokerTls}) {
  return {
    adminUrl: `http://127.0.0.1:${web}`,
    serviceUrl: `pulsar://127.0.0.1:${broker}`,
    webSocketUrl: `ws://127.0.0.1:${web}`,
    ...(webTls
      ? {
          adminTlsUrl: `https://127.0.0.1:${webTls}`,
          serviceTlsUrl: `pulsar+ssl://127.0.0.1:${brokerTls}`,
          webSocketTlsUrl: `wss://127.0.0.1:${webTls}`,
        }
      : {}),
  }
}

/**
 * Why the first broker is not ready; undefined if it is.
 * @param {Identity} identity
 * @param {{dir: string, ports: Ports, createNamespace: boolean}} options
 * @returns {Promise<string | undefined>}
 */
export async function brokerProblem(identity, {dir, ports, createNamespace}) {
  try {
    const admin = adminClient(identity, dir, ports)
    const health = await admin('GET', 'brokers/health')
    if (health !== 'ok') return `health check returned: ${health.slice(0, 200)}`
    const namespaces = await admin('GET', 'namespaces/public')
    if (namespaces.includes('"public/default"')) return undefined
    // The standalone creates both shortly after it is healthy.
    if (createNamespace) {
      await admin('PUT', 'tenants/public', {allowedClusters: ['standalone']})
      await admin('PUT', 'namespaces/public/default', {replication_clusters: ['standalone']})
    }
    return 'namespace public/default does not exist yet'
  } catch (error) {
    return String(/** @type {any} */ (error).cause?.message || error)
  }
}

/** Why the second broker is not ready; undefined if it is. @param {Identity} identity @param {{dir: string, ports: Ports}} options @returns {Promise<string | undefined>} */
export async function secondBrokerProblem(identity, {dir, ports}) {
  if (!hasSecondBroker(identity)) return undefined
  try {
    const admin = adminClient(identity, dir, ports)
    const brokers = await admin('GET', 'brokers/standalone')
    return brokers.includes(`:${ports.web2}"`)
      ? undefined
      : `the second broker is not in the cluster's list: ${brokers.slice(0, 200)}`
  } catch (error) {
    return String(/** @type {any} */ (error).cause?.message || error)
  }
}

/** @param {Identity} identity @param {string} dir @param {Ports} ports */
function adminClient(identity, dir, ports) {
  const headers = adminHeaders(identity, dir)
  return async (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body = undefined) => {
    const response = await fetch(`${addresses(ports).adminUrl}/admin/v2/${path}`, {
      method,
      headers: {...headers, connection: 'close', ...(body ? {'content-type': 'application/json'} : {})},
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(5_000),
    })
    return response.text()
  }
}
