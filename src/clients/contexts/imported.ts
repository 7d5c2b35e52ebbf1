import {readFile} from 'node:fs/promises'

import {Usage} from '../../errors.js'
import type {Context} from './context.js'

/** A context made from another tool's settings, and what could not be imported. */
export interface Imported {
  readonly name: string
  readonly context: Context
  /** whether it is the current context of the other tool */
  readonly isCurrent?: boolean
  /** for output, each a sentence without its final period */
  readonly notes: readonly string[]
}

/** Reads another tool's file. @throws Usage E_IMPORT when it cannot be read. */
export function readForImport(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const {code, message} = error as NodeJS.ErrnoException
    throw new Usage('E_IMPORT', `cannot read ${path} (${code ?? message})`, {data: {path}})
  })
}

/** Removes the fields without a value. */
export function compact<T extends object>(fields: {[K in keyof T]: T[K] | undefined}): T | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T)
}

/** A text with content; these tools write an empty one for a missing value. */
export function textIn(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}

/** A path as Pulsar's tools write it: `file:///path` or a plain path. */
export function pathOf(text: string): string {
  return text.replace(/^file:(?:\/\/)?/, '')
}
