// @ts-check
// Finds the programs that a stack needs. As root on Debian or Ubuntu, missing programs are installed. On other systems the
// error lists what to install.
import {execFile, spawn} from 'node:child_process'
import {accessSync, constants, existsSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {delimiter, join} from 'node:path'
import {promisify} from 'node:util'

const run = promisify(execFile)

/** @typedef {(line: string) => void} Progress */
/** @typedef {{java: string, mvn: string, 'redis-server': string, 'redis-cli': string}} Tools */

const OLDEST_JAVA = 17

/** For each program the Debian packages to try, in this order. */
const PACKAGES = {
  java: ['openjdk-17-jre-headless', 'default-jre-headless'],
  mvn: ['maven'],
  'redis-server': ['redis-server'],
  'redis-cli': ['redis-tools'],
}

/**
 * The paths of all programs. Installs missing programs if possible.
 * @param {Progress} progress
 * @returns {Promise<Tools>}
 */
export async function requireTools(progress) {
  let missing = await findMissing()
  if (missing.length > 0 && canInstall()) {
    await install(missing, progress)
    missing = await findMissing()
  }
  if (missing.length > 0) throw new Error(explain(missing))
  return {
    java: javaPath() ?? 'java',
    mvn: find('mvn') ?? 'mvn',
    'redis-server': find('redis-server') ?? 'redis-server',
    'redis-cli': find('redis-cli') ?? 'redis-cli',
  }
}

/** @returns {Promise<Array<keyof Tools>>} */
async function findMissing() {
  /** @type {Array<keyof Tools>} */
  const missing = []
  if (!(await hasJava())) missing.push('java')
  if (!find('mvn')) missing.push('mvn')
  if (!find('redis-server')) missing.push('redis-server')
  if (!find('redis-cli')) missing.push('redis-cli')
  return missing
}

function javaPath() {
  const home = process.env.JAVA_HOME
  return home && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : find('java')
}

async function hasJava() {
  const java = javaPath()
  if (!java) return false
  try {
    const {stderr} = await run(java, ['-version'])
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= OLDEST_JAVA
  } catch {
    return false
  }
}

/** @param {string} program */
function find(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((dir) => join(dir || '.', program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && find('apt-get') !== undefined
}

/** @param {Array<keyof Tools>} missing */
function explain(missing) {
  const packages = missing.map((tool) => PACKAGES[tool].join(' or ')).join(', ')
  return [
    `missing: ${missing.map((tool) => (tool === 'java' ? `Java ${OLDEST_JAVA} or newer` : tool)).join(', ')}.`,
    `On Debian and Ubuntu install the packages ${packages} (as root, "up" installs them).`,
    'On other systems install a Java runtime, Apache Maven, and Redis 7 with redis-cli, all on the PATH.',
  ].join('\n')
}

/** @param {Array<keyof Tools>} missing @param {Progress} progress */
async function install(missing, progress) {
  progress('apt-get update')
  await apt(['update', '-qq'])
  /** @type {string[]} */
  const packages = []
  for (const tool of missing) packages.push(await firstAvailable(PACKAGES[tool]))
  progress(`installing ${packages.join(' ')}`)
  const work = () => apt(['install', '-y', '-qq', '--no-install-recommends', ...packages])
  await (missing.includes('redis-server') ? withoutService('redis-server', 6379, work) : work())
}

/** @param {string[]} candidates */
async function firstAvailable(candidates) {
  for (const name of candidates) {
    const {stdout} = await run('apt-cache', ['policy', name])
    if (/Candidate: \d/.test(stdout)) return name
  }
  return candidates[0]
}

/**
 * Debian starts a service after its installation and at each boot, but the stack needs the program only. A policy-rc.d file that
 * exits with 101 prevents the start during this installation. An existing policy-rc.d file is a rule of the machine and is kept.
 * @param {string} service
 * @param {number} port the port of the service
 * @param {() => Promise<void>} work
 */
async function withoutService(service, port, work) {
  const policy = '/usr/sbin/policy-rc.d'
  const ours = !existsSync(policy)
  const wasOpen = await isOpen(port)
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', {mode: 0o755})
  try {
    await work()
  } finally {
    if (ours) rmSync(policy, {force: true})
  }
  await run('update-rc.d', [service, 'disable'])
  if (!wasOpen && (await isOpen(port)))
    throw new Error(`the package started a server on port ${port}: stop it with "service ${service} stop"`)
}

/** @param {number} port @returns {Promise<boolean>} */
function isOpen(port) {
  return new Promise((done) => {
    const socket = connect({port, host: '127.0.0.1'})
    socket.once('error', () => done(false))
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
  })
}

/** Runs apt-get in its own session, so that Ctrl-C cannot interrupt it while it writes the package database. @param {string[]} args @returns {Promise<void>} */
function apt(args) {
  return new Promise((done, fail) => {
    const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1'}
    const child = spawn('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.once('error', fail)
    child.once('close', (code) =>
      code === 0 ? done() : fail(new Error(`apt-get ${args.join(' ')} failed (${code}):\n${output.slice(-2000)}`)),
    )
  })
}
