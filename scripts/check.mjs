// All that can be said about the code without running it, in order of how fast it answers. The first failure ends it.
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

import {node, root, run} from './setup.mjs'

const bin = (name) => join(root, 'node_modules', '.bin', name)
const tool = (name, ...args) => run(node, [bin(name), ...args])

tool('prettier', '--check', '--log-level', 'warn', '.')
tool('tsc', '--noEmit')
tool('depcruise', 'src', '--output-type', 'err')
tool('eslint', '--max-warnings', '0', 'src', 'test', 'demo')
run(node, ['scripts/schemas.mjs', '--compare'])
requireManifest()

/** The committed manifest has to be what `oclif manifest` makes of the built commands. */
function requireManifest() {
  const file = join(root, 'oclif.manifest.json')
  const committed = readFileSync(file, 'utf8')
  tool('oclif', 'manifest')
  if (readFileSync(file, 'utf8') === committed) return
  writeFileSync(file, committed)
  process.stderr.write('oclif.manifest.json is not as the commands say; run npm run build && npm run manifest\n')
  process.exit(1)
}
