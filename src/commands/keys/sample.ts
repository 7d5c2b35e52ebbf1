import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {messageFlags, pulsarFlags, sampleFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderSample} from '../../cli/render/keys/message-sample.js'
import {sampleOptions} from '../../cli/flags/sample-flags.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {directoryOrNull} from '../../domain/keys/owners/key-directory.js'
import {collectSample} from '../../domain/message-sampling/collect-message-sample.js'
import {type KeySample, sampleReport} from '../../domain/message-sampling/sample-report.js'

export default class KeysSample extends KeyshiftCommand<KeySample> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Reads entries that the subscription has not acknowledged, without it: its cursor and its consumers stay as they ' +
    'are. Shows what Key_Shared can not serve well: messages without a key, batches that mix keys, keys that come too ' +
    'often. --source websocket reads faster with readers that the topic shows while they are connected; producers, ' +
    'ordering keys, chunks and delayed messages show with rest only.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --where head --max 100000 --seconds 120',
    "<%= config.bin %> <%= command.id %> orders decision --json | jq '.result.mixedBatches.count'",
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageFlags,
    ...sampleFlags,
    top: Flags.integer({
      default: 20,
      description: 'how many of the most frequent keys to name',
      helpValue: 'N',
      max: 1000,
      min: 0,
    }),
  }
  static override summary = 'Sample the backlog: hot keys, messages without a key, batches that mix keys.'

  async run(): Promise<KeySample> {
    const {args, flags} = await this.parse(KeysSample)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const {connections, progress} = this
    const options = sampleOptions(flags, {connections, progress})
    const sample = await collectSample(admin, collected, options)
    const {top, where} = flags
    const report = sampleReport(sample, {collected, where, top, directory: directoryOrNull(collected, facts)})
    if (!report.complete) this.warn('not every chosen entry was read; the counts are of those that were')
    if (report.uncertainKeys > 0) {
      this.warn(
        `${String(report.uncertainKeys)} keys may be garbled by HTTP headers and are not counted as keys; --source websocket reads them whole`,
      )
    }
    this.print(renderSample, report)
    return report
  }
}
