#!/usr/bin/env node
import './heap.js'

import {execute} from '@oclif/core/execute'

await execute({dir: import.meta.url})
