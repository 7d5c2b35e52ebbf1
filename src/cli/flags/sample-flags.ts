import type {SampleOptions} from '../../domain/message-sampling/collect-message-sample.js'
import type {Connections} from '../connection/connections.js'
import type {Progress} from '../output/progress.js'
import {counted, numberText} from '../../wording.js'

interface Host {
  readonly connections: Connections
  readonly progress: Progress
}

type SampleFlags = Pick<SampleOptions, 'max' | 'source' | 'where'> & {readonly 'time-limit': number}

/** The sampling options of a command's flags. A transport that is opened for it is closed with the command. */
export function sampleOptions(flags: SampleFlags, {connections, progress}: Host): SampleOptions {
  return {
    max: flags.max,
    source: flags.source,
    where: flags.where,
    timeLimitMs: flags['time-limit'],
    openTransport: async (wanted) => connections.transport(wanted),
    onProgress: (read, chosen) => {
      progress.liveStatus('sampling', `${numberText(read)} of ${counted(chosen, 'entry', 'entries')}`)
    },
  }
}
