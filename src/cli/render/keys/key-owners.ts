import type {KeyOwners} from '../../../domain/keys/owners/key-owners.js'
import type {Routing} from '../../../domain/keys/hashing/partition-routing.js'
import {plainAddress} from '../subscriptions/subscription-clients.js'
import {type Column, renderTable} from '../table.js'
import {counted} from '../../../wording.js'

const COLUMNS: ReadonlyArray<Column<KeyOwners['owners'][number]>> = [
  {head: 'key', cell: ({key}) => (key === '' ? '(empty)' : key)},
  {head: 'partition', cell: ({partition}) => partition},
  {head: 'slot', cell: ({slot}) => slot, priority: 2},
  {head: 'consumer', cell: ({consumer}) => (consumer === null ? 'no owner' : consumer.name)},
  {head: 'address', cell: ({consumer}) => consumer && plainAddress(consumer), priority: 5},
  {
    head: 'draining',
    cell: ({draining, drainingConsumer}) =>
      draining ? `blocked until ${drainingConsumer?.name ?? 'a consumer'} acks` : 'no',
    fit: 'wrap',
    priority: 3,
  },
  {
    head: 'same slot as',
    cell: ({sameSlot}) => (sameSlot.length === 0 ? null : sameSlot.join(' ')),
    fit: 'wrap',
    priority: 4,
  },
]

export function renderOwners(report: KeyOwners): string {
  return [renderTable(COLUMNS, report.owners), routingNote(report.routing)].filter((part) => part !== '').join('\n\n')
}

function routingNote({hashingScheme, messagesSeen, source}: Routing): string {
  const reasons = {
    flag: 'from --hashing-scheme',
    messages: `detected from ${counted(messagesSeen, 'message')}`,
    assumed: 'assumed, the default of Java and WebSocket producers; use --hashing-scheme to set it',
  }
  return source === null ? '' : `Partitioning: ${hashingScheme} (${reasons[source]}).`
}
