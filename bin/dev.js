#!/usr/bin/env -S node --import tsx
// Runs the TypeScript sources directly, for development; bin/run.js runs the built files.
import {execute} from '@oclif/core/execute'

import {hideSecretsOnStderr} from '../src/cli/connection/hidden-secrets.ts'
import {ignoreClosedPipes} from '../src/cli/output/stdout-lines.ts'

hideSecretsOnStderr(process.argv, process.env)
const closed = ignoreClosedPipes()
await Promise.race([execute({development: true, dir: import.meta.url}), closed])
