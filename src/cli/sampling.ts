import type {SampleOptions} from '../domain/sample/collect-sample.js'
import {connectTransport, type TransportAddresses} from './connect.js'
import type {Progress} from './progress.js'

interface Host {
  readonly config: {readonly root: string}
  readonly progress: Progress
  readonly own: <C extends {close(): Promise<void>}>(client: C) => C
}

type SampleFlags = Pick<SampleOptions, 'max' | 'seconds' | 'source' | 'where'> & TransportAddresses

/** What a command's flags say about sampling; a transport that is opened for it belongs to the command. */
export function sampleOptions(flags: SampleFlags, {config, own, progress}: Host): SampleOptions {
  return {
    ...flags,
    openTransport: async (wanted) => own(await connectTransport(config, flags, wanted)),
    onProgress: (read, chosen) => {
      progress.busy('sampling', `${String(read)} of ${String(chosen)} entries`)
    },
  }
}
