// All that can be said about the code without running it, in order of how fast it answers. The first failure ends it.
import {join} from 'node:path'

import {node, root, run} from './setup.mjs'

const bin = (name) => join(root, 'node_modules', '.bin', name)
const tool = (name, ...args) => run(node, [bin(name), ...args])

tool('prettier', '--check', '--log-level', 'warn', '.')
tool('tsc', '--noEmit')
tool('depcruise', 'src', '--output-type', 'err')
tool('eslint', '--max-warnings', '0', '.')
run(node, ['scripts/folder-sizes.mjs'])
run(node, ['scripts/schemas.mjs', '--compare'])
run(node, ['scripts/manifest.mjs', '--compare'])
