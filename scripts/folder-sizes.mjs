// Limits the folders of src and test to 15 files each, so that a folder is easy to survey.
import {readdirSync} from 'node:fs'
import {join} from 'node:path'

import {root} from './setup.mjs'

const MOST = 15
/** These folders have one file per command, recorded text or vector, so their size is not a question of structure. */
const EXEMPT = ['src/commands', 'test/golden', 'test/vectors']

const tooLarge = ['src', 'test'].flatMap(foldersOf).filter(({files}) => files > MOST)
for (const {files, folder} of tooLarge) {
  console.error(`${folder} has ${String(files)} files, the limit is ${String(MOST)}; group them in folders`)
}
if (tooLarge.length > 0) process.exitCode = 1

/** @param {string} folder @returns {Array<{folder: string, files: number}>} the folder and all folders below it */
function foldersOf(folder) {
  if (EXEMPT.some((exempt) => folder === exempt || folder.startsWith(`${exempt}/`))) return []
  const entries = readdirSync(join(root, folder), {withFileTypes: true})
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({name}) => foldersOf(`${folder}/${name}`))
  return [{folder, files: entries.filter((entry) => entry.isFile()).length}, ...below]
}
