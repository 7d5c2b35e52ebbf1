// Generates oclif.manifest.json from the built commands, sorted: `oclif manifest` uses the order of the file system.
// With --compare it keeps the committed file, and fails if it is outdated.
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

import {node, root, run} from './setup.mjs'

const file = join(root, 'oclif.manifest.json')
const committed = readFileSync(file, 'utf8')
run(node, [join(root, 'node_modules', '.bin', 'oclif'), 'manifest'], {stdio: ['ignore', 'ignore', 'inherit']})
const {commands, ...rest} = JSON.parse(readFileSync(file, 'utf8'))
const sorted = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)))
const made = `${JSON.stringify({commands: sorted, ...rest}, null, 2)}\n`

const compare = process.argv.includes('--compare')
writeFileSync(file, compare ? committed : made)
if (compare && made !== committed) {
  console.error('oclif.manifest.json does not match the commands; run npm run build && npm run manifest')
  process.exitCode = 1
}
