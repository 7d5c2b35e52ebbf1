// @ts-check
// The files below .stack/: the addresses and the processes of each stack.
import {readFileSync, renameSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

/** @typedef {import('./processes.mjs').Running} Running */
/** @typedef {import('./ports.mjs').Ports} Ports */
/** @typedef {{phase: 'starting' | 'running', startedAt: string, ports: Ports, processes: Running[]}} State */

export const ROOT = join(dirname(dirname(fileURLToPath(import.meta.url))), '.stack')

/** The addresses of the stack that was started last, for the CLI and the tests. */
export const CONTEXT = join(ROOT, 'context.json')

/** @param {string} id */
export const dataDir = (id) => join(ROOT, id)
/** @param {string} id */
export const contextFile = (id) => join(ROOT, id, 'context.json')

/** @param {string} id @returns {State | undefined} undefined if there is no readable state */
export function readState(id) {
  const state = readJson(join(dataDir(id), 'state.json'))
  return Array.isArray(state?.processes) && state.ports ? state : undefined
}

/** @param {string} id @param {State} state */
export function writeState(id, state) {
  writeJson(join(dataDir(id), 'state.json'), state)
}

/** @param {string} path */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Writes a file atomically, so that a reader never sees a part of it. @param {string} path @param {unknown} value */
export function writeJson(path, value) {
  const half = `${path}.${process.pid}`
  writeFileSync(half, `${JSON.stringify(value)}\n`)
  renameSync(half, path)
}
