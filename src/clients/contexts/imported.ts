import {readFile} from 'node:fs/promises'

import {Usage} from '../../errors.js'
import type {Context} from './context.js'

/** What another tool's settings become here, and what of them has no place. */
export interface Imported {
  readonly name: string
  readonly context: Context
  /** for people, each a sentence without its full stop */
  readonly notes: readonly string[]
}

/** Another tool's file. @throws Usage E_IMPORT when it can't be read. */
export function readForImport(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const {code, message} = error as NodeJS.ErrnoException
    throw new Usage('E_IMPORT', `${path} can't be read (${code ?? message})`, {data: {path}})
  })
}

/** Leaves out what has no value. */
export function compact<T extends object>(fields: {[K in keyof T]: T[K] | undefined}): T | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T)
}

/** A text that says something; these tools write an empty one for nothing. */
export function textIn(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}

/** A path as Pulsar's tools write it: `file:///path` or bare. */
export function pathOf(text: string): string {
  return text.replace(/^file:(?:\/\/)?/, '')
}
