// @ts-check
// Reads the end of a log file, and follows it.
import {closeSync, existsSync, fstatSync, openSync, readSync, statSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'

/** The last lines of a file; none if it does not exist. @param {string} path @param {number} lines */
export function tail(path, lines) {
  if (!existsSync(path)) return []
  const size = statSync(path).size
  const text = readFrom(path, Math.max(0, size - lines * 2_000)).text
  return text.replace(/\n$/, '').split('\n').slice(-lines)
}

/** Writes every text that is appended, until the signal. A file that became shorter is read from its start again. @param {string} path @param {(text: string) => void} write @param {AbortSignal} signal */
export async function follow(path, write, signal) {
  let position = existsSync(path) ? statSync(path).size : 0
  while (!signal.aborted) {
    if (existsSync(path)) {
      if (statSync(path).size < position) position = 0
      const {text, end} = readFrom(path, position)
      position = end
      if (text !== '') write(text)
    }
    await sleep(250, undefined, {signal}).catch(() => {})
  }
}

/** @param {string} path @param {number} position */
function readFrom(path, position) {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(Math.max(0, fstatSync(file).size - position))
    const count = buffer.length === 0 ? 0 : readSync(file, buffer, 0, buffer.length, position)
    return {text: buffer.toString('utf8', 0, count), end: position + count}
  } finally {
    closeSync(file)
  }
}
