import {createRequire} from 'node:module'
import {basename, dirname, join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'

import {shellCommand} from '../../suggested-command.js'

/** The root folder of keyshift: of its package, or of a checkout. */
const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** npm's default folder for `npm install --global`, on Windows and elsewhere. */
const GLOBAL_FOLDERS: readonly string[] = [
  join(dirname(process.execPath), 'node_modules'),
  join(dirname(dirname(process.execPath)), 'lib', 'node_modules'),
]

/**
 * The URL of a package that is installed globally or in NODE_PATH; null if it is not. Imports find only packages in the
 * folders above keyshift, so that a global package is missing where keyshift itself is not installed globally.
 */
export function globalPackage(name: string, folders = GLOBAL_FOLDERS): string | null {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(name, {paths: [...folders]})).href
  } catch {
    return null
  }
}

/**
 * The command that installs a package where keyshift finds it: next to keyshift in the folder that contains both.
 *
 * @param root the root folder of keyshift.
 */
export function installCommand(name: string, root = ROOT): string {
  const modules = dirname(root)
  if (basename(modules) !== 'node_modules') return shellCommand('npm', 'install', '--no-save', '--prefix', root, name)
  const parent = dirname(modules)
  return basename(parent) === 'lib'
    ? shellCommand('npm', 'install', '--global', '--prefix', dirname(parent), name)
    : shellCommand('npm', 'install', '--prefix', parent, name)
}
