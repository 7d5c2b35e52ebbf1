// Makes oclif.manifest.json of the built commands, sorted: `oclif manifest` lists them as the file system does.
// With --compare it leaves the committed one, and fails when that is not the same.
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
  console.error('oclif.manifest.json is not as the commands say; run npm run build && npm run manifest')
  process.exitCode = 1
}
