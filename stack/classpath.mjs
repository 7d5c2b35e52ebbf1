// @ts-check
// The broker's class path. Maven downloads the jars into its local repository; the resolved class path is stored.
import {spawn} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {withLock} from './lock.mjs'
import {ROOT} from './state.mjs'

const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath'

/**
 * The module for OpenID Connect is not published for every version of the broker. These are the nearest published versions. The
 * module uses only the authentication interface of the broker.
 * @type {Record<string, string>}
 */
const OPENID_MODULES = {'4.2.4': '4.0.8', '4.0.7': '4.0.8', '3.0.7': '3.3.6'}

/**
 * The class path of one Pulsar version. Downloads missing jars.
 * @param {string} version
 * @param {{hasOpenId: boolean, mvn: string, progress: (line: string) => void, signal?: AbortSignal | undefined}} options
 */
export async function classpath(version, {hasOpenId, mvn, progress, signal}) {
  const dir = join(ROOT, 'classpath', hasOpenId ? `${version}-openid` : version)
  const list = join(dir, 'classpath.txt')
  const pom = brokerPom(version, hasOpenId ? openIdDependency(OPENID_MODULES[version]) : '')
  const work = async () => readComplete(list) ?? (await resolve({version, dir, list, pom, mvn, progress, signal}))
  return (
    readComplete(list) ??
    (await withLock('classpath', work, {signal, onWait: () => progress('waiting for another download of jars')}))
  )
}

/** A class path that was resolved earlier; undefined if one of its jars is missing. @param {string} list its file */
export function readComplete(list) {
  if (!existsSync(list)) return undefined
  const value = readFileSync(list, 'utf8').trim()
  return value !== '' && value.split(delimiter).every((jar) => existsSync(jar)) ? value : undefined
}

/** @param {{version: string, dir: string, list: string, pom: string, mvn: string, progress: (line: string) => void, signal?: AbortSignal | undefined}} options */
async function resolve({version, dir, list, pom, mvn, progress, signal}) {
  progress(`resolving the jars of Pulsar ${version} with Maven (the first time downloads about 270 MB)`)
  mkdirSync(dir, {recursive: true})
  const pomFile = join(dir, 'pom.xml')
  const fresh = `${list}.new`
  writeFileSync(pomFile, pom)
  const startedAt = Date.now()
  const ticker = setInterval(
    () => progress(`still resolving, ${Math.round((Date.now() - startedAt) / 1000)} s`),
    10_000,
  )
  try {
    await runMaven(mvn, ['-B', '-q', '-f', pomFile, GOAL, `-Dmdep.outputFile=${fresh}`], signal)
  } finally {
    clearInterval(ticker)
  }
  renameSync(fresh, list)
  const value = readComplete(list)
  if (value === undefined) throw new Error(`Maven listed jars that do not exist, see ${list}`)
  return value
}

/** @param {string} mvn @param {string[]} args @param {AbortSignal} [signal] @returns {Promise<void>} */
function runMaven(mvn, args, signal) {
  return new Promise((done, fail) => {
    const child = spawn(mvn, args, {signal, stdio: ['ignore', 'pipe', 'pipe']})
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.once('error', fail)
    child.once('close', (code) => {
      if (code === 0) done()
      else
        fail(
          new Error(
            `Maven cannot resolve the jars (exit ${code}); check that its repository is reachable\n${output.trim().slice(-3000)}`,
          ),
        )
    })
  })
}

/** Without the import of Pulsar's version list, the OpenTelemetry versions conflict and the broker exits with NoSuchMethodError. @param {string} version @param {string} more */
function brokerPom(version, more) {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>keyshift.stack</groupId><artifactId>broker</artifactId><version>${version}</version><packaging>pom</packaging>
  <dependencyManagement><dependencies><dependency>
    <groupId>org.apache.pulsar</groupId><artifactId>pulsar</artifactId><version>${version}</version><type>pom</type><scope>import</scope>
  </dependency></dependencies></dependencyManagement>
  <dependencies><dependency>
    <groupId>org.apache.pulsar</groupId><artifactId>pulsar-broker</artifactId><version>${version}</version>
  </dependency>${more}</dependencies>
</project>
`
}

/** The exclusions leave shared dependencies in the broker's version. @param {string} version */
function openIdDependency(version) {
  const shared = ['org.apache.pulsar', 'io.kubernetes']
  const exclusions = shared.map(
    (group) => `<exclusion><groupId>${group}</groupId><artifactId>*</artifactId></exclusion>`,
  )
  return `<dependency>
    <groupId>org.apache.pulsar</groupId><artifactId>pulsar-broker-auth-oidc</artifactId><version>${version}</version>
    <exclusions>${exclusions.join('')}</exclusions>
  </dependency>`
}
