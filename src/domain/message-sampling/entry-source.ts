import type {MessageTransport} from '../../clients/pulsar-messages/transport.js'
import type {EntryRange} from '../topic-stats/unacked-entries.js'
import type {SampledEntry} from './sampled-entry.js'

export type SampleSource = 'native' | 'rest' | 'websocket'

export type OpenTransport = (wanted: 'auto' | 'native' | 'websocket') => Promise<MessageTransport>

/** Receives what a reader reads. */
export interface SampleSink {
  readonly entry: (entry: SampledEntry) => void
  /** Entries that no longer exist or contain no message. */
  readonly skip: (entries: number) => void
  /** An entry that the broker cannot read. */
  readonly unreadable: () => void
  /** Whether the time limit is reached. */
  readonly isOver: () => boolean
}

/** Reads the chosen entries in any order, passes each to the sink, and stops soon after `isOver` is true. */
export type SampleReader = (ranges: readonly EntryRange[], sink: SampleSink) => Promise<void>
