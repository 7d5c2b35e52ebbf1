import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {messageFlags, pulsarFlags, sampleFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderSample} from '../../cli/render/keys/message-sample.js'
import {sampleOptions} from '../../cli/flags/sample-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {directoryOrNull} from '../../domain/keys/owners/key-directory.js'
import {collectSample} from '../../domain/message-sampling/collect-message-sample.js'
import {type KeySample, sampleReport} from '../../domain/message-sampling/sample-report.js'
import {counted} from '../../wording.js'

export default class KeysSample extends KeyshiftCommand<KeySample> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Reads unacknowledged entries without using the subscription: its cursor and consumers are not affected. Shows what ' +
    'Key_Shared handles badly: messages without a key, batches with mixed keys, and hot keys. --source websocket is faster; ' +
    'it uses readers, which appear on the topic while connected. Producers, ordering keys, chunks and delayed messages are ' +
    'visible with --source rest only.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --where head --max 100000 --time-limit 2m',
    "<%= config.bin %> <%= command.id %> orders decision --json | jq '.result.mixedBatches.count'",
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageFlags,
    ...sampleFlags,
    ...tableOutputFlag,
    top: Flags.integer({
      default: 20,
      description: 'list the N most frequent keys',
      helpValue: 'N',
      max: 1000,
      min: 0,
    }),
  }
  static override summary = 'Sample the backlog for hot keys, messages without a key and batches with mixed keys.'

  async run(): Promise<KeySample> {
    const {args, flags} = await this.parse(KeysSample)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const {connections, progress} = this
    const options = sampleOptions(flags, {connections, progress})
    const sample = await collectSample(admin, collected, options)
    const {top, where} = flags
    const report = sampleReport(sample, {collected, where, top, directory: directoryOrNull(collected, facts)})
    if (!report.complete)
      this.warn('some of the chosen entries were not read; the counts contain only the entries that were read')
    if (report.uncertainKeys > 0) {
      this.warn(
        `HTTP headers may have corrupted ${counted(report.uncertainKeys, 'key')}, which ${report.uncertainKeys === 1 ? 'is' : 'are'} not counted; use --source websocket to read ${report.uncertainKeys === 1 ? 'it' : 'them'} intact`,
      )
    }
    this.print(renderSample, report)
    return report
  }
}
