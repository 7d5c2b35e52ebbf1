import type {Contexts} from '../../clients/contexts/contexts.js'
import type {Imported} from '../../clients/contexts/imported.js'
import {Conflict} from '../../errors.js'
import {contextRow, type ContextRow} from './context-report.js'

export interface ContextsAdded {
  path: string
  current: string | null
  contexts: ContextRow[]
}

export interface Adding {
  readonly contexts: Contexts
  readonly found: readonly Imported[]
  /** whether existing contexts may be replaced */
  readonly replace: boolean
  /** whether the first is to be the current one */
  readonly use: boolean
}

/**
 * Adds contexts; nothing is written yet. The first that there is becomes the current one.
 *
 * @throws Conflict E_CONTEXT_EXISTS
 */
export function addContexts({contexts, found, replace, use}: Adding): ContextsAdded {
  const taken = found.map(({name}) => name).filter((name) => contexts.get(name) !== null)
  if (taken.length > 0 && !replace) {
    throw new Conflict('E_CONTEXT_EXISTS', `${contexts.path} has ${taken.join(', ')} already`, {
      data: {path: contexts.path, contexts: taken},
      next: ['add --replace'],
    })
  }
  const isFirst = contexts.names.length === 0
  for (const {context, name} of found) contexts.set(name, context)
  const [first] = found
  const current = first && (use || isFirst) ? first.name : contexts.file.current
  if (current !== undefined) contexts.use(current)
  return {
    path: contexts.path,
    current: current ?? null,
    contexts: found
      .map(({context, name}) => contextRow(name, context, current))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
  }
}
