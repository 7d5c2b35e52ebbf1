import type {
  Claim,
  ControlRequest,
  Direction,
  JournalEntry,
  JournalPhase,
} from '../../../src/clients/journal/journal-store.js'
import {newRequest, nextEntry} from '../../../src/domain/migration/journal/chain.js'

export const ANN = {user: 'ann', host: 'elsewhere', pid: 7}

export function claimOn(topic: string, migrationId = 'm1'): Claim {
  return {
    subject: {cluster: 'standalone', topic},
    subscription: 'decision',
    migrationId,
    who: ANN,
    since: '2026-01-01T00:00:00.000Z',
  }
}

/** The entry that follows a chain. */
export function following(
  entries: readonly JournalEntry[],
  step: string,
  phase: JournalPhase = 'applied',
  data: Record<string, unknown> = {},
  more: {at?: string; direction?: Direction} = {},
): JournalEntry {
  const {at = '2026-01-01T00:00:00.000Z', direction = 'forward'} = more
  return nextEntry(entries.at(-1), {direction, step, phase, data, migrationId: 'm1', at, who: ANN, planDigest: 'd'})
}

export function chain(length: number): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (let at = 0; at < length; at++)
    entries.push(following(entries, 'restrict-types', 'applied', {at, text: 'zwölf €'}))
  return entries
}

export function request(
  verb: ControlRequest['verb'],
  requestId: string,
  cancels: string | null = null,
): ControlRequest {
  return newRequest({requestId, migrationId: 'm1', verb, cancels, at: '2026-01-01T00:00:00.000Z', who: ANN})
}
