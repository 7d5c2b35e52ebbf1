import './heap.js'

import {execute} from '@oclif/core/execute'

import {hideSecretsOnStderr} from '../dist/cli/connection/hidden-secrets.js'
import {ignoreClosedPipes} from '../dist/cli/output/stdout-lines.js'

hideSecretsOnStderr(process.argv, process.env)
const closed = ignoreClosedPipes()
// oclif waits until everything is written, which never happens when the reader of stdout has exited. A command that is
// still working keeps the process running.
await Promise.race([execute({dir: import.meta.url}), closed])

// A shell waits until the completion exits, although the command of a login or a broker may not have answered yet.
if (process.argv[2] === 'complete') process.exit()
