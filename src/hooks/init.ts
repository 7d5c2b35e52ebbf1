import type {Hook} from '@oclif/core/hooks'

import {exitCode} from '../cli/exit-codes.js'
import {answerTopicFlags} from '../cli/unknown-command.js'

/** Flags after a topic answer like any other usage error. */
const hook: Hook.Init = function ({argv, config, id}) {
  if (id !== undefined && answerTopicFlags(config, id, argv)) this.exit(exitCode('usage'))
  return Promise.resolve()
}

export default hook
