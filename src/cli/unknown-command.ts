import type {Interfaces} from '@oclif/core'

import {Usage} from '../errors.js'
import {nearestNames} from '../nearest-name.js'
import {jsonDocument} from '../printable.js'
import {suggestedCommand} from '../suggested-command.js'
import {errorDocument, renderError} from './errors.js'
import {exitCode} from './exit-codes.js'
import {textFor} from './output/text-for.js'

/** Answers an unknown command as any usage error: one JSON document on stdout or a text on stderr, and exit code 2. */
export function answerUnknownCommand(config: Interfaces.Config, words: readonly string[], isJson: boolean): void {
  const names = config.commands.filter(({hidden}) => !hidden).map(({id}) => id.split(':'))
  const error = unknownCommand([...names, ['version']], words)
  if (isJson) process.stdout.write(`${jsonDocument(errorDocument(error))}\n`)
  else process.stderr.write(`${textFor(process.stderr, renderError(error))}\n`)
  process.exitCode = exitCode('usage')
}

/**
 * The error for words that name no command, with the nearest name of the level that is wrong: `lock scan` is corrected
 * to `locks scan`, and `locks scn` too.
 *
 * @param commands the words of each command: `['locks', 'scan']`.
 */
export function unknownCommand(commands: ReadonlyArray<readonly string[]>, words: readonly string[]): Usage {
  const path: string[] = []
  let unknown: string | null = null
  for (const word of words) {
    const level = namesBelow(commands, path)
    if (level.length === 0) break // the remaining words are arguments
    const [name] = level.includes(word) ? [word] : nearestNames(word, level, 1)
    if (name !== word) unknown ??= word
    if (name === undefined) return noSuchCommand(path, word, level)
    path.push(name)
  }
  const isComplete = namesBelow(commands, path).length === 0
  const corrected = suggestedCommand(...path)
  return new Usage('E_USAGE', `unknown command ${unknown ?? words.join(' ')}; did you mean "${corrected}"?`, {
    data: {unknown, nearest: path.join(' ')},
    next: [isComplete && path.join() !== 'version' ? `${corrected} --help` : corrected],
  })
}

function noSuchCommand(path: readonly string[], word: string, level: readonly string[]): Usage {
  const where = path.length === 0 ? '' : ` of ${suggestedCommand(...path)}`
  return new Usage('E_USAGE', `unknown command ${word}; the commands${where} are ${level.join(', ')}`, {
    data: {unknown: word, nearest: null},
    next: [suggestedCommand('help', ...path)],
  })
}

/** The next words of the commands that begin with these: `['inspect', 'release', 'scan']` below `locks`. */
function namesBelow(commands: ReadonlyArray<readonly string[]>, path: readonly string[]): string[] {
  const below = commands.filter((words) => words.length > path.length && path.every((word, at) => words[at] === word))
  return [...new Set(below.map((words) => words[path.length] ?? ''))].toSorted()
}
