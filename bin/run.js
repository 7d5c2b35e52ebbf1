#!/usr/bin/env node
import './heap.js'

import {execute} from '@oclif/core/execute'

import {hideSecretsOnStderr} from '../dist/cli/hidden-secrets.js'

hideSecretsOnStderr(process.argv, process.env)
await execute({dir: import.meta.url})
