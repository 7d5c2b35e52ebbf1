#!/usr/bin/env node
// @ts-check
// The command line of the stack. Results are printed to stdout, everything else to stderr.
import {existsSync} from 'node:fs'
import {parseArgs} from 'node:util'
import {PULSAR_VERSIONS, REDIS_MODES, UsageError, VARIANTS} from './identity.mjs'
import {follow, tail} from './logs.mjs'
import {brokerLogOf, down, restart, status, up} from './stack.mjs'

const HELP = `Runs a real Pulsar broker and a real Redis on this machine, for the demo and the tests.

  up        start a stack if it is not running; print its addresses
  down      stop a stack and delete its data (--all: all stacks)
  restart   kill the broker and start it again with the same ports and data
  status    list the stacks
  logs      print the end of the broker's log (--lines N, --follow)

Selection of the stack (up, down, restart, logs):
  --pulsar  ${PULSAR_VERSIONS.join(' | ')}   (default ${PULSAR_VERSIONS[0]})
  --redis   ${REDIS_MODES.join(' | ')}   (default ${REDIS_MODES[0]})
  --config  one of these variants (default "default"):
${Object.entries(VARIANTS)
  .map(([name, {about}]) => `              ${name.padEnd(20)}${about}`)
  .join('\n')}

  --json    print one JSON document (up, down, restart, status)
  --help    print this help

Exit codes: 0 success, 1 failure, 2 invalid arguments, 130 interrupted.
`

const WHICH = /** @type {const} */ ({pulsar: {type: 'string'}, config: {type: 'string'}, redis: {type: 'string'}})
const JSON_FLAG = /** @type {const} */ ({json: {type: 'boolean'}})

/** @type {Record<string, {flags: Record<string, {type: 'string' | 'boolean'}>, run: (flags: any, signal: AbortSignal) => Promise<void>}>} */
const COMMANDS = {
  up: {flags: {...WHICH, ...JSON_FLAG}, run: runUp},
  down: {flags: {...WHICH, ...JSON_FLAG, all: {type: 'boolean'}}, run: runDown},
  restart: {flags: {...WHICH, ...JSON_FLAG}, run: runRestart},
  status: {flags: JSON_FLAG, run: runStatus},
  logs: {flags: {...WHICH, lines: {type: 'string'}, follow: {type: 'boolean'}}, run: runLogs},
}

const progress = (/** @type {string} */ line) => console.error(line)

/** @param {any} flags @param {AbortSignal} signal */
async function runUp({json, ...which}, signal) {
  sayWhere(await up({...which, signal, progress}), json)
}

/** @param {any} flags @param {AbortSignal} signal */
async function runRestart({json, ...which}, signal) {
  sayWhere(await restart({...which, signal, progress}), json)
}

/** @param {import('./stack.mjs').Context} context @param {boolean | undefined} json */
function sayWhere(context, json) {
  if (json) return console.log(JSON.stringify(context))
  const {adminUrl, serviceUrl, webSocketUrl, redisUrl, tokenFile} = context
  const lines = [
    ['admin', adminUrl],
    ['service', serviceUrl],
    ['websocket', webSocketUrl],
    ['redis', redisUrl],
    ...(tokenFile ? [['token in', tokenFile]] : []),
  ]
  for (const [name, value] of lines) console.log(`${name.padEnd(11)}${value}`)
}

/** @param {any} flags @param {AbortSignal} signal */
async function runDown({json, ...which}, signal) {
  if (which.all && (which.pulsar || which.config || which.redis))
    throw new UsageError('--all stops all stacks: do not combine it with --pulsar, --config or --redis.')
  const stopped = await down({...which, signal, progress})
  if (json) return console.log(JSON.stringify({stopped}))
  console.log(stopped.length === 0 ? 'no stack to stop' : `stopped ${stopped.join(', ')}`)
}

/** @param {any} flags */
async function runStatus({json}) {
  const stacks = await status()
  if (json) return console.log(JSON.stringify({stacks}))
  if (stacks.length === 0) console.log('no stacks')
  for (const {id, state, upSeconds, processes, context} of stacks) {
    console.log(`${id}  ${state}${upSeconds === null ? '' : `, up ${upSeconds} s`}`)
    for (const {name, pid, alive} of processes) console.log(`  ${name.padEnd(16)}pid ${pid}${alive ? '' : ', exited'}`)
    if (context)
      for (const address of [context.adminUrl, context.serviceUrl, context.webSocketUrl, context.redisUrl])
        console.log(`  ${address}`)
  }
}

/** @param {any} flags @param {AbortSignal} signal */
async function runLogs({lines = '50', follow: goOn, ...which}, signal) {
  if (!/^[1-9]\d{0,5}$/.test(lines)) throw new UsageError(`--lines ${lines}: must be a whole number from 1 to 999999.`)
  const path = brokerLogOf(which)
  if (!existsSync(path)) throw new Error(`no log at ${path}: the stack is not running`)
  process.stdout.write(`${tail(path, Number(lines)).join('\n')}\n`)
  if (goOn) await follow(path, (text) => process.stdout.write(text), signal)
}

/** @param {string[]} argv */
function parse(argv) {
  const [name = '', ...rest] = argv
  if (argv.some((arg) => arg === '--help' || arg === '-h') || name === 'help') return undefined
  const command = COMMANDS[name]
  if (!command)
    throw new UsageError(
      `${name ? `"${name}" is not a command` : 'no command given'}. Commands: ${Object.keys(COMMANDS).join(', ')}. See --help.`,
    )
  try {
    return {
      command,
      flags: parseArgs({args: rest, options: command.flags, strict: true, allowPositionals: false}).values,
    }
  } catch (error) {
    const allowed = Object.keys(command.flags).map((flag) => `--${flag}`)
    throw new UsageError(
      `${/** @type {Error} */ (error).message.split('. ')[0]}. Flags of "${name}": ${allowed.join(' ')}. See --help.`,
    )
  }
}

/** @param {string[]} argv @returns {Promise<number>} */
async function main(argv) {
  const interrupted = new AbortController()
  let exitCode = 0
  for (const [name, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])) {
    process.on(name, () => {
      exitCode ||= code
      interrupted.abort()
    })
  }
  try {
    const parsed = parse(argv)
    if (!parsed) process.stdout.write(HELP)
    else await parsed.command.run(parsed.flags, interrupted.signal)
    return exitCode
  } catch (error) {
    if (exitCode !== 0 && interrupted.signal.aborted) {
      console.error('interrupted: all started processes are stopped')
      return exitCode
    }
    console.error(`stack: ${error instanceof Error ? error.message : error}`)
    return error instanceof UsageError ? 2 : 1
  }
}

process.exitCode = await main(process.argv.slice(2))
