import type {KeyOwners, SlotSample} from '../../../domain/keys/owners/key-owners.js'
import type {Routing} from '../../../domain/keys/hashing/detect-routing.js'
import {plainAddress} from '../subscriptions/subscription-clients.js'
import {type Column, renderTable} from '../table.js'
import {counted, keyText, numberText} from '../../../wording.js'

type Owner = KeyOwners['owners'][number]

const RECEIVERS: Readonly<Record<Exclude<Owner['receiver'], 'consumer'>, string>> = {
  'any-consumer': 'any consumer',
  'no-consumer': 'no owner',
  unknown: 'unknown',
}

function columnsOf(report: KeyOwners): ReadonlyArray<Column<Owner>> {
  const isPartitioned = report.routing.source !== null || report.hashingScheme === null
  return [
    {head: 'key', cell: ({key}) => keyText(key)},
    {head: 'messages', cell: ({messages}) => messages, isRare: true},
    {
      head: 'partition',
      cell: ({partition}) => (partition === null && isPartitioned ? 'unknown' : partition),
    },
    {head: 'messages on', cell: messagesOn, isRare: true, priority: 3},
    {head: 'slot', cell: ({slot}) => slot, priority: 2},
    {
      head: 'consumer',
      cell: ({consumer, receiver}) => (receiver === 'consumer' ? (consumer?.name ?? null) : RECEIVERS[receiver]),
    },
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
}

/** Empty if all are on the partition of the key. */
function messagesOn({foundOn, partition}: Owner): string {
  return foundOn.every((one) => one === partition) ? '' : foundOn.join(' ')
}

export function renderOwners(report: KeyOwners): string {
  return [
    renderTable(columnsOf(report), report.owners),
    [report.slot ? slotNote(report.slot) : routingNote(report.routing), ...receiverNotes(report.owners)]
      .filter((note) => note !== '')
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function routingNote({earlierPartitions, hashingScheme, matchingSchemes, messagesSeen, source}: Routing): string {
  const seen = counted(messagesSeen, 'message')
  if (hashingScheme === null) {
    const matched = matchingSchemes.length === 0 ? 'no known hashing scheme' : matchingSchemes.join(' and ')
    return `Partitioning: unknown (${seen} match ${matched}); only messages of a key show its partition.`
  }
  const reasons = {
    flag: 'from --hashing-scheme',
    messages: `detected from ${seen}`,
    assumed:
      messagesSeen === 0
        ? 'assumed, the default of Java and WebSocket producers; use --hashing-scheme to set it'
        : `assumed, the only known scheme that matches ${seen}; use --hashing-scheme to set it`,
  }
  if (source === null) return ''
  const note = `Partitioning: ${hashingScheme} (${reasons[source]}).`
  return earlierPartitions === null
    ? note
    : `${note} The topic had ${counted(earlierPartitions, 'partition')} before; older messages may be on another partition.`
}

function slotNote({
  backlogEntries,
  complete,
  keys,
  messages,
  sampledEntries,
  sampledMessages,
  slot,
  unknownEntries,
}: SlotSample): string {
  const read = `${numberText(sampledEntries)} of ${counted(backlogEntries, 'backlog entry', 'backlog entries')}`
  const unknown = unknownEntries === 0 ? '' : ` The slot of ${counted(unknownEntries, 'entry', 'entries')} is unknown.`
  return (
    `Slot ${String(slot)}: ${counted(keys, 'key')} in ${numberText(messages)} of ${counted(sampledMessages, 'sampled message')} (${read}).${unknown} ` +
    `Other keys can have this slot too: ${complete ? 'keys without unacked messages' : 'keys that were not sampled'} are not listed.`
  )
}

function receiverNotes(owners: readonly Owner[]): string[] {
  return owners.some(({receiver}) => receiver === 'any-consumer')
    ? ['The subscription is Shared: any consumer may receive a message, whatever its key.']
    : []
}
