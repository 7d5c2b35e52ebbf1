import type {Interfaces} from '@oclif/core'

import {Usage} from '../errors.js'
import {nearestNames} from '../nearest-name.js'
import {jsonDocument} from '../printable.js'
import {suggestedCommand} from '../suggested-command.js'
import {errorDocument, renderError} from './errors.js'
import {exitCode} from './exit-codes.js'
import {textFor} from './output/text-for.js'

/** Answers an unknown command as any usage error. */
export function answerUnknownCommand(config: Interfaces.Config, words: readonly string[], isJson: boolean): void {
  const names = config.commands.filter(({hidden}) => !hidden).map(({id}) => id.split(':'))
  const [first = ''] = words
  answer(
    first.startsWith('-') ? flagWithoutCommand(config, '', first) : unknownCommand([...names, ['version']], words),
    isJson,
  )
}

/**
 * Answers flags after a topic, such as `keyshift keys --json`, where a command is missing or a flag is misspelled. oclif
 * would print the help of the topic and exit with 0, so that a script would not notice the mistake.
 *
 * @returns false if there is nothing to answer.
 */
export function answerTopicFlags(config: Interfaces.Config, id: string, argv: readonly string[]): boolean {
  const flag = argv.find((word) => word.startsWith('-'))
  const helpFlags = ['--help', ...(config.pjson.oclif.additionalHelpFlags ?? [])]
  const isTopic = !config.findCommand(id) && config.findTopic(id) !== undefined
  if (flag === undefined || !isTopic || argv.some((word) => helpFlags.includes(word))) return false
  answer(flagWithoutCommand(config, id, flag), argv.includes('--json'))
  return true
}

/** One JSON document on stdout or a text on stderr, and exit code 2. */
function answer(error: Usage, isJson: boolean): void {
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

/** @param topic the id of a topic; empty for a flag that is the first word. */
function flagWithoutCommand(config: Interfaces.Config, topic: string, text: string): Usage {
  const path = topic === '' ? [] : topic.split(':')
  const below = config.commands.filter(({hidden, id}) => !hidden && (topic === '' || id.startsWith(`${topic}:`)))
  const flag = text.replace(/=.*/s, '')
  const known = new Set(below.flatMap(({flags}) => Object.keys(flags)).map((name) => `--${name}`))
  const [nearest] = known.has(flag) ? [] : nearestNames(flag, ['--help', ...known], 1)
  const commands = namesBelow(
    below.map(({id}) => id.split(':')),
    path,
  )
  const message = known.has(flag)
    ? `${flag} needs a command; the commands of ${suggestedCommand(...path)} are ${commands.join(', ')}`
    : `unknown flag ${flag}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`
  return new Usage('E_USAGE', message, {
    data: {unknown: flag, nearest: nearest ?? null},
    next: [suggestedCommand(...path, '--help')],
  })
}

/** The next words of the commands that begin with these: `['inspect', 'release', 'scan']` below `locks`. */
function namesBelow(commands: ReadonlyArray<readonly string[]>, path: readonly string[]): string[] {
  const below = commands.filter((words) => words.length > path.length && path.every((word, at) => words[at] === word))
  return [...new Set(below.map((words) => words[path.length] ?? ''))].toSorted()
}
