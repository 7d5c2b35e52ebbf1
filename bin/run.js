#!/usr/bin/env node
import './heap.js'

import {execute} from '@oclif/core/execute'

import {hideSecretsOnStderr} from '../dist/cli/connection/hidden-secrets.js'

hideSecretsOnStderr(process.argv, process.env)
await execute({dir: import.meta.url})

// A shell waits for the end of what completes its line, and a login's command or a broker may not have answered by then.
if (process.argv[2] === 'complete') process.exit()
