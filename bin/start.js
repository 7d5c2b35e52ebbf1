import './heap.js'

import {execute} from '@oclif/core/execute'

import {hideSecretsOnStderr} from '../dist/cli/connection/hidden-secrets.js'
import {ignoreClosedPipes} from '../dist/cli/output/stdout-lines.js'

hideSecretsOnStderr(process.argv, process.env)
const closed = ignoreClosedPipes()
// oclif waits until everything is written, which never happens when the reader has left. A command that is still working
// keeps the process alive by itself.
await Promise.race([execute({dir: import.meta.url}), closed])

// A shell waits for the end of what completes its line, and a login's command or a broker may not have answered by then.
if (process.argv[2] === 'complete') process.exit()
