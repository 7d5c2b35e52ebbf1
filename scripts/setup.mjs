// Gets a checkout ready: dependencies and build. Plain Node without dependencies, for it runs before there are any,
// on whatever Node the machine has. What it says goes to stderr: the caller's last line is its own.
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync, statSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The Node that everything behind the setup runs on: the development dependency, not the machine's. */
export const node = join(root, 'node_modules', 'node', 'bin', 'node')

/** Installs when the lock file is newer than what is installed, and builds. */
export function setup() {
  if (!isInstalled()) run('npm', ['ci', '--no-audit', '--no-fund'])
  run('npm', ['run', '--silent', 'build'])
}

/** Runs a command to its end; ends this process with the command's exit code when that is not 0. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {cwd: root, stdio: ['ignore', 2, 2], ...options})
  if (result.error) throw result.error
  if (result.status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} ended with ${String(result.status ?? result.signal)}\n`)
    process.exit(result.status ?? 1)
  }
}

/**
 * Runs a command to its end with the caller's own output. Ctrl-C reaches it as it reaches every process in front; this
 * one stays, to clean up behind it.
 * @returns {Promise<number>} its exit code
 */
export async function runOpenly(command, args, options = {}) {
  const stay = () => {}
  process.on('SIGINT', stay)
  try {
    const env = {...(options.env ?? process.env), XDG_CONFIG_HOME: join(root, '.stack', 'nobody')}
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

/** Package paths with their versions; an optional package that could not be installed stands in one list only. */
function wanted(lockFile) {
  const {packages} = JSON.parse(readFileSync(lockFile, 'utf8'))
  return Object.entries(packages)
    .filter(([path, {optional}]) => path !== '' && !optional)
    .map(([path, {version}]) => `${path} ${version}`)
    .sort()
    .join('\n')
}
