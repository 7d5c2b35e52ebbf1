import type {SampleOptions} from '../../domain/message-sampling/collect-message-sample.js'
import type {Connections} from '../connection/connections.js'
import type {Progress} from '../output/progress.js'

interface Host {
  readonly connections: Connections
  readonly progress: Progress
}

type SampleFlags = Pick<SampleOptions, 'max' | 'seconds' | 'source' | 'where'>

/** What a command's flags say about sampling; a transport that is opened for it belongs to the command. */
export function sampleOptions(flags: SampleFlags, {connections, progress}: Host): SampleOptions {
  return {
    ...flags,
    openTransport: async (wanted) => connections.transport(wanted),
    onProgress: (read, chosen) => {
      progress.busy('sampling', `${String(read)} of ${String(chosen)} entries`)
    },
  }
}
