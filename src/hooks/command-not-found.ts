import type {Hook} from '@oclif/core/hooks'
import {closestMatch} from 'leven'

import {errorDocument, renderError} from '../cli/errors.js'
import {exitCode} from '../cli/exit-codes.js'
import {textFor} from '../cli/output/text-for.js'
import {Usage} from '../errors.js'
import {printableJson} from '../printable.js'

/** An unknown command answers like any other usage error: exit code 2, and one JSON document under `--json`. */
const hook: Hook.CommandNotFound = function ({argv, config, id}) {
  const words = [id.replaceAll(':', ' '), ...(argv ?? []).filter((word) => !word.startsWith('-'))].join(' ')
  const known = config.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(':', ' '))
  const near = closestMatch(words, known)
  const error = new Usage('E_USAGE', `${words} is not a ${config.bin} command`, {
    next: [near === undefined ? `${config.bin} help` : `${config.bin} ${near} --help`, `${config.bin} help`],
  })
  if (argv?.includes('--json'))
    process.stdout.write(`${printableJson(JSON.stringify(errorDocument(error), null, 2))}\n`)
  else process.stderr.write(`${textFor(process.stderr, renderError(error))}\n`)
  this.exit(exitCode('usage'))
  return Promise.resolve()
}

export default hook
