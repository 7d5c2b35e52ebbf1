import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {messageFlags, pulsarFlags, subscriptionArg, topicArg, confirmFlags} from '../../cli/flags/common-flags.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {renderRehearsal} from '../../cli/render/migration/rehearsal.js'
import {type Rehearsal, rehearse} from '../../domain/rehearsal/rehearse.js'
import {Interrupted, Usage} from '../../errors.js'

export default class MigrateRehearse extends KeyshiftCommand<Rehearsal> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Makes a temporary Key_Shared subscription where the real one stands, and plays a fleet on it that takes a given time ' +
    'for each message, one at a time. The real cursor stays as it is. The temporary subscription goes when it ends; what ' +
    'a rehearsal that was killed has left goes with the next one.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders decision --consumers 8 --process-ms 5',
    '<%= config.bin %> <%= command.id %> orders decision --name pod-0 --name pod-1 --process-ms 0 --yes --json',
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageFlags,
    consumers: Flags.integer({
      description: 'how many consumers; named rehearsed-0 and on',
      exactlyOne: ['consumers', 'name'],
      helpValue: 'N',
      max: 1000,
      min: 1,
    }),
    messages: Flags.integer({
      default: 10_000,
      description: 'how many messages to see; behind the backlog it goes on with new ones',
      helpValue: 'N',
      min: 0,
    }),
    name: Flags.string({
      description: 'a consumer by the name it will have, for key ranges follow names',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'process-ms': Flags.integer({
      default: 5,
      description: 'how long a consumer works on a message; 0 to learn only who gets what',
      helpValue: 'MS',
      min: 0,
    }),
    seconds: Flags.integer({default: 60, description: 'stop after so long', helpValue: 'N', min: 1}),
    top: Flags.integer({
      default: 10,
      description: 'how many of the most frequent keys to name',
      helpValue: 'N',
      min: 0,
    }),
    ...confirmFlags,
  }
  static override summary =
    'Play a Key_Shared fleet on a copy of the backlog: shares, hot keys, blocking, time to drain.'

  async run(): Promise<Rehearsal> {
    const {args, flags} = await this.parse(MigrateRehearse)
    const names = flags.name ?? Array.from({length: flags.consumers ?? 0}, (_, index) => `rehearsed-${String(index)}`)
    if (new Set(names).size < names.length) throw new Usage('E_USAGE', 'a name is given twice')
    const admin = await this.connections.admin()
    const transport = await this.connections.transport('auto')
    await this.confirm(`Make a temporary subscription on ${args.topic}, and delete it afterwards?`, flags)
    const control = this.own(interruptible())
    const rehearsal = await rehearse(admin, transport, args.topic, args.subscription, {
      names,
      processMs: flags['process-ms'],
      seconds: flags.seconds,
      messages: flags.messages,
      top: flags.top,
      interrupt: control.signal,
      onProgress: (messages) => {
        this.progress.busy('rehearsing', `${String(messages)} messages`)
      },
    })
    if (rehearsal.stoppedBy === 'interrupt') {
      throw new Interrupted('E_INTERRUPTED', 'the rehearsal was ended early; its subscription is deleted')
    }
    if (rehearsal.drainMs === null) this.warn('it ended before all that waited was handled')
    this.log(renderRehearsal(rehearsal))
    return rehearsal
  }
}
