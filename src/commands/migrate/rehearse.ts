import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {messageFlags, pulsarFlags, subscriptionArg, topicArg, confirmFlags} from '../../cli/flags/common-flags.js'
import {defaultDuration, durationFlag} from '../../cli/flags/duration.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {renderRehearsal} from '../../cli/render/migration/rehearsal.js'
import {type Rehearsal, rehearse} from '../../domain/rehearsal/rehearse.js'
import {Interrupted, Usage} from '../../errors.js'
import {counted} from '../../wording.js'

export default class MigrateRehearse extends KeyshiftCommand<Rehearsal> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Shows the share of each consumer, hot keys, head-of-line blocking and the time to drain. Creates a temporary ' +
    'Key_Shared subscription at the position of the real one and connects simulated consumers, which ' +
    'process one message at a time. The real subscription and its cursor are unchanged. The temporary subscription is ' +
    'deleted at the end; leftovers of a killed rehearsal are removed by the next run.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders decision --consumers 8 --process-time 5ms',
    '<%= config.bin %> <%= command.id %> orders decision --name pod-0 --name pod-1 --process-time 0ms --yes --json',
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageFlags,
    ...tableOutputFlag,
    consumers: Flags.integer({
      description: 'number of simulated consumers, named rehearsed-0, rehearsed-1, …',
      exactlyOne: ['consumers', 'name'],
      helpValue: 'N',
      max: 1000,
      min: 1,
    }),
    messages: Flags.integer({
      default: 10_000,
      description: 'minimum number of messages to process; continues with new messages after the backlog',
      helpValue: 'N',
      min: 0,
    }),
    name: Flags.string({
      description: 'name of a simulated consumer; use the real names, because the broker assigns key ranges by name',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'process-time': durationFlag({
      ...defaultDuration('5ms'),
      description: 'processing time per message; 0ms shows only which consumer receives which key',
    }),
    'time-limit': durationFlag({...defaultDuration('60s'), description: 'stop after this time'}),
    top: Flags.integer({
      default: 10,
      description: 'number of most frequent keys to list',
      helpValue: 'N',
      min: 0,
    }),
    ...confirmFlags,
  }
  static override summary = 'Simulate Key_Shared consumers on the backlog to find hot keys and head-of-line blocking.'

  async run(): Promise<Rehearsal> {
    const {args, flags} = await this.parse(MigrateRehearse)
    const names = flags.name ?? Array.from({length: flags.consumers ?? 0}, (_, index) => `rehearsed-${String(index)}`)
    if (new Set(names).size < names.length)
      throw new Usage('E_USAGE', 'two --name flags have the same value; give each consumer its own name')
    const admin = await this.connections.admin()
    const transport = await this.connections.transport('auto')
    await this.confirm(
      `Rehearse ${args.subscription} on ${args.topic} with ${counted(names.length, 'consumer')}? ` +
        `A temporary subscription is created and deleted afterwards; ${args.subscription} is unchanged.`,
      flags,
    )
    const control = this.closeAtEnd(interruptible())
    const rehearsal = await rehearse(admin, transport, args.topic, args.subscription, {
      names,
      processMs: flags['process-time'],
      timeLimitMs: flags['time-limit'],
      messages: flags.messages,
      top: flags.top,
      interrupt: control.signal,
      onProgress: (messages) => {
        this.progress.status('rehearsing', `${counted(messages, 'message')} processed`)
      },
    })
    if (rehearsal.stoppedBy === 'interrupt') {
      throw new Interrupted('E_INTERRUPTED', 'rehearsal interrupted; its temporary subscription was deleted')
    }
    if (rehearsal.drainMs === null)
      this.warn('the rehearsal stopped before the backlog was drained; raise --time-limit')
    this.print(renderRehearsal, rehearsal)
    return rehearsal
  }
}
