import type {Contexts} from '../../clients/contexts/contexts.js'
import type {Imported} from '../../clients/contexts/imported.js'
import {Conflict, Usage} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import {counted} from '../../wording.js'
import {contextRow, type ContextRow} from './context-report.js'

export interface ContextsAdded {
  path: string
  /** the current context afterwards; null for none */
  current: string | null
  /** the current context before; null for none */
  previous: string | null
  contexts: ContextRow[]
}

export interface Adding {
  readonly contexts: Contexts
  readonly found: readonly Imported[]
  /** whether existing contexts may be replaced */
  readonly replace: boolean
  /** whether the context becomes the current one; of several, the current one of the other tool */
  readonly use: boolean
}

/**
 * Adds contexts without writing the file. Without a current context, a single new context becomes the current one, or of
 * several the current one of the other tool.
 *
 * @throws Conflict E_CONTEXT_EXISTS; Usage E_CONTEXT_CURRENT for `use` with several contexts of which none is current.
 */
export function addContexts({contexts, found, replace, use}: Adding): ContextsAdded {
  const taken = found.map(({name}) => name).filter((name) => contexts.get(name) !== null)
  if (taken.length > 0 && !replace) {
    throw new Conflict('E_CONTEXT_EXISTS', `${contexts.path} already contains ${taken.join(', ')}`, {
      data: {path: contexts.path, contexts: taken},
      next: [`to replace ${taken.length === 1 ? 'it' : 'them'}, add --replace`],
    })
  }
  const previous = contexts.file.current ?? null
  const candidate = found.find(({isCurrent}) => isCurrent) ?? (found.length === 1 ? found[0] : undefined)
  if (use && candidate === undefined) throw noCandidate(found)
  const current = (use || previous === null ? candidate?.name : null) ?? previous
  for (const {context, name} of found) contexts.set(name, context)
  if (current !== null) contexts.use(current)
  return {
    path: contexts.path,
    current,
    previous,
    contexts: found
      .map(({context, name}) => contextRow(name, context, current ?? undefined))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
  }
}

/** Which context is current after a change, and whether this is new. */
export function currentText({current, previous}: Pick<ContextsAdded, 'current' | 'previous'>): string {
  if (current === null) return `No context is current. Choose one with: ${suggestedCommand('context', 'use', 'NAME')}`
  if (current === previous) return `The current context is still ${current}.`
  return `Switched to context ${current}${previous === null ? '' : ` (was ${previous})`}.`
}

/** The question before a change, with the switch to another context. */
export function addQuestion({contexts, current, path, previous}: ContextsAdded): string {
  const [only] = contexts
  const what = contexts.length === 1 && only ? `context ${only.name}` : counted(contexts.length, 'context')
  return `Write ${what} to ${path}${current === null || current === previous ? '' : ` and switch to ${current}`}?`
}

function noCandidate(found: readonly Imported[]): Usage {
  const names = found.map(({name}) => name)
  return new Usage(
    'E_CONTEXT_CURRENT',
    `--use needs one context, but ${counted(names.length, 'context')} would be added`,
    {
      data: {contexts: names},
      next: [`add --name with one of ${names.join(', ')}`],
    },
  )
}
