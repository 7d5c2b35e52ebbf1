// Prepares a checkout: dependencies and build. This file imports no dependency, because it runs before they are installed, on
// the Node.js version of the machine. It prints to stderr only, so that the caller determines the last line of stdout.
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync, statSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The Node.js that runs everything after the setup: the development dependency, not the version of the machine. */
export const node = join(root, 'node_modules', 'node', 'bin', 'node')

/** Installs the dependencies if the lock file has changed, and builds. */
export function setup() {
  if (!isInstalled()) run('npm', ['ci', '--no-audit', '--no-fund'])
  run('npm', ['run', '--silent', 'build'])
}

/** Runs a command. If it fails, this process exits with the same exit code. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {cwd: root, stdio: ['ignore', 2, 2], ...options})
  if (result.error) throw result.error
  if (result.status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} exited with ${String(result.status ?? result.signal)}\n`)
    process.exit(result.status ?? 1)
  }
}

/**
 * Runs a command that prints to the output of this process. Ctrl-C interrupts the command, but not this process, which still has
 * to clean up.
 * @returns {Promise<number>} the exit code of the command
 */
export async function runOpenly(command, args, options = {}) {
  const stay = () => {}
  process.on('SIGINT', stay)
  try {
    const env = {...(options.env ?? process.env), XDG_CONFIG_HOME: join(root, '.stack', 'empty-home')}
    const child = spawn(command, args, {cwd: root, stdio: 'inherit', ...options, env})
    const [code] = await once(child, 'close')
    return code ?? 130
  } finally {
    process.off('SIGINT', stay)
  }
}

function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed) || !existsSync(node)) return false
  if (statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return true
  return wanted(join(root, 'package-lock.json')) === wanted(installed)
}

/** Package paths with their versions, without optional packages: those that could not be installed are in one list only. */
function wanted(lockFile) {
  const {packages} = JSON.parse(readFileSync(lockFile, 'utf8'))
  return Object.entries(packages)
    .filter(([path, {optional}]) => path !== '' && !optional)
    .map(([path, {version}]) => `${path} ${version}`)
    .sort()
    .join('\n')
}
