import type {Hook} from '@oclif/core/hooks'

import {exitCode} from '../cli/exit-codes.js'
import {answerUnknownCommand} from '../cli/unknown-command.js'

/** An unknown command answers like any other usage error: exit code 2, and one JSON document under `--json`. */
const hook: Hook.CommandNotFound = function ({argv = [], config, id}) {
  const words = [...id.split(':'), ...argv.filter((word) => !word.startsWith('-'))]
  answerUnknownCommand(config, words, argv.includes('--json'))
  this.exit(exitCode('usage'))
  return Promise.resolve()
}

export default hook
