// Runs before `npm pack` and `npm publish`, also in a fresh clone: installs the dependencies if necessary, builds the package
// and generates the manifest.
import {join} from 'node:path'

import {node, root, run, setup} from './setup.mjs'

setup()
run(node, [join(root, 'scripts', 'manifest.mjs')])
