// @ts-check
// The standalone broker of a stack: how its JVM is started, and when it is healthy.
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {brokerSettings} from './broker-conf.mjs'
import {adminHeaders, hasEveryLogin, loginPorts, loginsDir, tokenFile} from './logins.mjs'
import {AUDIENCE, issuerUrl} from './openid.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./ports.mjs').Ports} Ports */
/** @typedef {import('./processes.mjs').Program} Program */
/** @typedef {{dir: string, ports: Ports, java: string, classpath: string, log4j: string, logins: import('./logins.mjs').Settings}} Options */

/** What needs a port. @param {Identity} identity */
export function pulsarPorts(identity) {
  return ['web', 'broker', 'bookie', ...loginPorts(identity)]
}

const OPENED_PACKAGES = [
  ...['java.io', 'java.lang', 'java.util.zip', 'sun.net', 'jdk.internal.platform'].map((name) => `java.base/${name}`),
  'java.management/sun.management',
  'jdk.management/com.sun.management.internal',
]

/** Writes the broker's files into the stack's folder. @param {Identity} identity @param {Options} options */
export function brokerProgram(identity, options) {
  const {dir, logins, ports} = options
  const conf = writeConf(dir, 'broker', brokerSettings(identity, {web: ports.web, broker: ports.broker, logins}))
  const standalone = [
    ...['-c', conf, '-nfw', '-nss', '--num-bookies', '1', '--bookkeeper-port', String(ports.bookie)],
    ...['--metadata-dir', join(dir, 'metadata'), '--bookkeeper-dir', join(dir, 'bookkeeper')],
  ]
  writeArguments('broker', ['org.apache.pulsar.PulsarStandaloneStarter', ...standalone], options)
  return brokerAgain(dir, options.java)
}

/** A broker whose files are there already. @param {string} dir @param {string} java */
export const brokerAgain = (dir, java) => javaProgram('broker', dir, java)

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
      '-XX:+UseG1GC',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:-UsePerfData',
    ],
    '-Dio.netty.tryReflectionSetAccessible=true',
    `-Dlog4j2.configurationFile=${log4j}`,
    `-Dkeyshift.log=${brokerLog(dir, name)}`,
    `-Djava.io.tmpdir=${join(dir, 'tmp')}`, // native libraries are unpacked there, and go with the data
    ...['-cp', classpath],
  ]
  // The class path alone has 35 kB: in a file, the process list stays readable.
  writeFileSync(
    argumentsFile(dir, name),
    [...jvm, ...program].map((arg) => `"${arg.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`).join(''),
  )
}

/** @param {string} dir @param {string} name */
const argumentsFile = (dir, name) => join(dir, `${name}.args`)

/** @param {string} dir @param {string} [name] */
export const brokerLog = (dir, name = 'broker') => join(dir, `${name}.log`)

/** Where the brokers are, and the files to log in with. @param {Identity} identity @param {{dir: string, ports: Ports}} options */
export function pulsarContext(identity, {dir, ports}) {
  const token = tokenFile(identity, dir)
  return {
    ...pulsarAddresses(ports),
    ...(token ? {tokenFile: token} : {}),
    ...(hasEveryLogin(identity)
      ? {
          adminTlsUrl: `https://127.0.0.1:${ports.webTls}`,
          serviceTlsUrl: `pulsar+ssl://127.0.0.1:${ports.brokerTls}`,
          webSocketTlsUrl: `wss://127.0.0.1:${ports.webTls}`,
          issuerUrl: issuerUrl(ports),
          audience: AUDIENCE,
          loginsDir: loginsDir(dir),
        }
      : {}),
  }
}

/** @param {Ports} ports */
function pulsarAddresses(ports) {
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
  const headers = adminHeaders(identity, dir)
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
