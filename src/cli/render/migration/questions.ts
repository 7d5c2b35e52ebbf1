import type {MigrationStatus} from '../../../domain/migration/journal/status.js'
import type {MigrationPlan} from '../../../domain/migration/plan/plan.js'
import {rangeText} from './migration.js'

/** `20261123-140509-3fa9 (decision on orders, Shared → Key_Shared)`, as the confirmations name a migration. */
function described({from, id, subscription, to, topic}: MigrationStatus, isReversed = false): string {
  const [before, after] = isReversed ? [to, from] : [from, to]
  return `${id} (${subscription ?? '?'} on ${shortTopic(topic ?? '?')}, ${before ?? '?'} → ${after ?? '?'})`
}

/** A topic without what the Pulsar tools fill in themselves: `orders`, or `tenant/namespace/orders`. */
export function shortTopic(topic: string): string {
  return topic.replace(/^persistent:\/\/(public\/default\/)?/, '')
}

/** The confirmations of the migrate commands: what the command changes, and its impact. */
export const migrationQuestions = {
  abort: (status: MigrationStatus) =>
    `Abort ${described(status)}? Its steps are undone and delivery continues to the ${status.from ?? 'old'} consumers.`,
  cutover: (status: MigrationStatus) =>
    `Cut over ${described(status)} now? Delivery pauses until the ${status.to ?? 'new'} consumers are connected.`,
  finish: (status: MigrationStatus) => {
    const fleet = status.state === 'rolled-back' ? 'new' : 'old'
    return `Have all ${fleet} consumers of ${described(status)} been stopped? Rollback will be impossible.`
  },
  postpone: (status: MigrationStatus) =>
    `Postpone ${described(status)}? It waits for a cutover before it pauses delivery.`,
  resume: (status: MigrationStatus) =>
    `Resume ${described(status)} at step ${status.step ?? 'start'}? Delivery pauses until the switch is complete.`,
  rollback: (status: MigrationStatus) =>
    `Roll back ${described(status, true)}? Delivery pauses until old consumers reconnect (up to 2 min).`,
} satisfies Record<string, (status: MigrationStatus) => string>

/** The confirmation of `migrate apply`. */
export function applyQuestion({expected: {gapMs}, from, subscription, to, topic}: MigrationPlan): string {
  const pause =
    gapMs === null
      ? 'No delivery while the old consumers are stopped and the new ones start.'
      : `Delivery pauses for about ${rangeText(gapMs)}, plus the time to ack.`
  return `Migrate ${subscription} on ${shortTopic(topic)} from ${from} to ${to}? ${pause}`
}
