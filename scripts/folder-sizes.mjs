// No folder of src or test has more than 15 files of its own, so that a listing of it can be read at a glance.
import {readdirSync} from 'node:fs'
import {join} from 'node:path'

import {root} from './setup.mjs'

const MOST = 15
/** One file a command, one recorded text or vector a case: their number is not a matter of structure. */
const EXEMPT = ['src/commands', 'test/golden', 'test/vectors']

const tooLarge = ['src', 'test'].flatMap(foldersOf).filter(({files}) => files > MOST)
for (const {files, folder} of tooLarge) {
  console.error(`${folder} has ${String(files)} files of its own, the limit is ${String(MOST)}; group them in folders`)
}
if (tooLarge.length > 0) process.exitCode = 1

/** @param {string} folder @returns {Array<{folder: string, files: number}>} the folder and all below it */
function foldersOf(folder) {
  if (EXEMPT.some((exempt) => folder === exempt || folder.startsWith(`${exempt}/`))) return []
  const entries = readdirSync(join(root, folder), {withFileTypes: true})
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({name}) => foldersOf(`${folder}/${name}`))
  return [{folder, files: entries.filter((entry) => entry.isFile()).length}, ...below]
}
