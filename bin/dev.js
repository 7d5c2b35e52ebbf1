#!/usr/bin/env -S node --import tsx
// Runs the TypeScript sources as they are, for work on keyshift itself; bin/run.js runs the built ones.
import {execute} from '@oclif/core/execute'

import {hideSecretsOnStderr} from '../src/cli/connection/hidden-secrets.ts'
import {ignoreClosedPipes} from '../src/cli/output/stdout-lines.ts'

hideSecretsOnStderr(process.argv, process.env)
const closed = ignoreClosedPipes()
await Promise.race([execute({development: true, dir: import.meta.url}), closed])
