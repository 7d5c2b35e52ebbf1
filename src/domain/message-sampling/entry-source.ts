import type {MessageTransport} from '../../clients/pulsar-messages/transport.js'
import type {EntryRange} from '../topic-stats/unacked-entries.js'
import type {SampledEntry} from './sampled-entry.js'

export type SampleSource = 'native' | 'rest' | 'websocket'

export type OpenTransport = (wanted: 'auto' | 'native' | 'websocket') => Promise<MessageTransport>

/** For who reads through the admin API alone. */
export const restOnly: OpenTransport = () => Promise.reject(new Error('entries are read through the admin API'))

/** Where a reader puts what it reads. */
export interface SampleSink {
  readonly entry: (entry: SampledEntry) => void
  /** Entries that were gone, or are no messages. */
  readonly skip: (entries: number) => void
  /** An entry that the broker can't hand out. */
  readonly unreadable: () => void
  /** Whether the time has run out. */
  readonly isOver: () => boolean
}

/** Reads the chosen entries in any order, hands each to the sink, and stops soon after it says so. */
export type SampleReader = (ranges: readonly EntryRange[], sink: SampleSink) => Promise<void>
