import type {KeyOwners} from '../../../domain/keys/owners/key-owners.js'
import type {Routing} from '../../../domain/keys/hashing/partition-routing.js'
import {renderTable} from '../table.js'

const HEAD = ['key', 'partition', 'slot', 'consumer', 'address', 'draining', 'same slot']

export function renderOwners(report: KeyOwners): string {
  const rows = report.owners.map((owner) => [
    owner.key,
    owner.partition,
    owner.slot,
    owner.consumer?.name ?? 'nobody',
    owner.consumer?.address ?? null,
    owner.draining ? `waits for ${owner.drainingConsumer?.name ?? 'a consumer'} to acknowledge` : 'no',
    owner.sameSlot.length === 0 ? null : owner.sameSlot.join(' '),
  ])
  return [renderTable(HEAD, rows), routingNote(report.routing)].filter((part) => part !== '').join('\n\n')
}

function routingNote({hashingScheme, messagesSeen, source}: Routing): string {
  const reasons = {
    flag: 'as given',
    messages: `as ${String(messagesSeen)} messages on the topic show`,
    assumed: 'the default of Java and WebSocket producers, assumed; --hashing-scheme sets it',
  }
  return source === null ? '' : `partition by ${hashingScheme}, ${reasons[source]}`
}
