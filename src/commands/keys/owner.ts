import {pipeline} from 'node:stream/promises'

import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {messageFlags, pulsarFlags, sampleFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {sampleOptions} from '../../cli/flags/sample-flags.js'
import {renderOwners} from '../../cli/render/keys/key-owners.js'
import {isReaderGone} from '../../cli/output/stdout-lines.js'
import {type ListOutput, listOutputFlag} from '../../cli/flags/output-flags.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {isCertain, possibleSchemes, type Routing} from '../../domain/keys/hashing/detect-routing.js'
import {KeyDirectory, KeyLocator} from '../../domain/keys/owners/key-directory.js'
import {type LineFormat, ownerRows} from '../../domain/keys/owners/owner-rows.js'
import {
  entriesToSearch,
  type GivenKey,
  keyOwners,
  type KeyOwners,
  producerKey,
  rawKey,
  textKey,
} from '../../domain/keys/owners/key-owners.js'
import {HASHING_SCHEMES, type HashingScheme} from '../../domain/keys/hashing/partition-routing.js'
import {requireKeyShared} from '../../domain/keys/assignment/require-key-shared.js'
import {collectSample} from '../../domain/message-sampling/collect-message-sample.js'
import {SlotKeys} from '../../domain/message-sampling/slot-keys.js'
import {collectKeyPartitions} from '../../domain/message-sampling/collect-key-messages.js'
import {collectRouting} from '../../domain/message-sampling/collect-routing.js'
import type {CollectedSubscription} from '../../domain/topic-stats/collect-topic-stats.js'
import {Blocked, Usage} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import {counted, numberText} from '../../wording.js'

export default class KeysOwner extends KeyshiftCommand<KeyOwners> {
  static override args = {
    topic: topicArg,
    subscription: subscriptionArg,
    key: Args.string({description: 'message keys', multiple: true, required: false}),
  }
  static override description =
    'Computes the partition with the hashing scheme of the producers, which is detected from a few messages on the topic ' +
    'unless --hashing-scheme is given. If no scheme or several match, it searches the topic for messages of the key. Computes ' +
    "the slot with the broker's hash, and takes the consumer from the ranges that the broker reports. On Failover and " +
    'Exclusive one consumer of the partition receives all keys; on Shared any consumer may. To find the slot of an ordering key, pass it instead of the key; the partition depends on ' +
    'the key, except with Go producers. With --slot, lists the sampled keys of that slot; keys that were not sampled can have the slot too.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision user-42',
    "<%= config.bin %> <%= command.id %> orders decision user-42 user-43 --json | jq '.result.owners'",
    '<%= config.bin %> <%= command.id %> orders decision --raw-key base64:AQL/',
    '<%= config.bin %> <%= command.id %> orders decision --slot 5188',
    '<%= config.bin %> <%= command.id %> orders decision --stdin --output tsv < keys.txt > owners.tsv',
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageFlags,
    ...sampleFlags,
    ...listOutputFlag,
    'hashing-scheme': Flags.option({
      description: 'hashing scheme of the producers (default: detected from messages on the topic)',
      options: HASHING_SCHEMES,
    })(),
    'raw-key': Flags.string({
      description: 'binary key in base64, such as base64:AQL/; repeat for several',
      multiple: true,
      helpValue: 'base64:TEXT',
    }),
    slot: Flags.integer({
      description: 'sample the backlog, and list the keys of this slot; the SAMPLE flags apply to it only',
      helpValue: 'N',
      min: 0,
    }),
    stdin: Flags.boolean({
      default: false,
      description:
        'read any number of keys from standard input, one per UTF-8 line; --output is then csv, tsv (default) or ndjson',
    }),
  }
  static override summary = 'Show which partition, slot and consumer each key goes to.'

  async run(): Promise<KeyOwners> {
    const {args, flags} = await this.parse(KeysOwner)
    const keys = [...(args.key ?? []).map(textKey), ...(flags['raw-key'] ?? []).map(rawKey)]
    this.requireOneInput(keys.length, flags)
    const format = this.lineFormat(flags.output, flags.stdin)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const routing = await collectRouting(admin, collected, flags['hashing-scheme'] ?? null)
    const directory = new KeyDirectory(collected, facts)
    const {partitionCount, subscription, topic} = collected
    const about = {topic: topic.full, subscription, hashingScheme: routing.hashingScheme, routing}
    if (flags.slot !== undefined) {
      requireKeyShared(collected, facts)
      const slotKeys = new SlotKeys(flags.slot, directory, facts.version?.major ?? 4)
      const {connections, progress} = this
      const sample = await collectSample(admin, collected, {
        ...sampleOptions(flags, {connections, progress}),
        onEntry: (entry) => {
          slotKeys.add(entry)
        },
      })
      const report = {...about, owners: slotKeys.owners(), slot: slotKeys.sampleOf(sample)}
      this.print(renderOwners, report)
      return report
    }
    if (format !== null) {
      const locator = new KeyLocator(directory, partitionCount, this.requireSchemes(routing, collected))
      await writeLines(ownerRows(process.stdin, locator, format))
    }
    const entries = keys.length === 0 ? 0 : entriesToSearch(routing)
    const found = await collectKeyPartitions(admin, collected, keys.map(producerKey), entries)
    const foundOn = (key: GivenKey): readonly number[] => found(producerKey(key))
    const owners = keyOwners(directory, keys, {partitionCount, routing, foundOn})
    this.warnAboutPartitions(routing, owners)
    const report = {...about, owners, slot: null}
    if (format === null) this.print(renderOwners, report)
    return report
  }

  /** Lines of any number of keys need one scheme, because the messages of millions of keys cannot be searched. */
  private requireSchemes(
    routing: Routing,
    {subscription, topic}: CollectedSubscription,
  ): [HashingScheme, HashingScheme?] {
    const {hashingScheme, matchingSchemes, messagesSeen, source} = routing
    if (hashingScheme === null) {
      const matched =
        matchingSchemes.length === 0 ? 'no known hashing scheme' : `several: ${matchingSchemes.join(', ')}`
      const command = suggestedCommand('keys', 'owner', topic.full, subscription)
      throw new Blocked(
        'E_ROUTING',
        `the partitions of keys on ${topic.full} are unknown: ${counted(messagesSeen, 'sampled message')} match ${matched}`,
        {
          data: {topic: topic.full, matchingSchemes, messagesSeen},
          next: [`${command} --stdin --hashing-scheme ${matchingSchemes[0] ?? 'NAME'}`],
        },
      )
    }
    if (source === 'assumed') this.warn(assumption(hashingScheme, messagesSeen))
    else if (routing.byOrderingKey) {
      this.warn('the messages have ordering keys, and Go producers route by these: the partition of a key may be wrong')
    } else if (!isCertain(routing)) {
      this.warn(`not all messages match ${hashingScheme}, so the partitions of some keys may be wrong`)
    }
    const [, other] = possibleSchemes(routing)
    if (other === undefined) return [hashingScheme]
    this.warn(
      `the messages match ${hashingScheme} and ${other}; the partition of a key is left empty where these differ`,
    )
    return [hashingScheme, other]
  }

  private warnAboutPartitions(routing: Routing, owners: KeyOwners['owners']): void {
    const {hashingScheme, messagesSeen, source} = routing
    if (source === null && hashingScheme !== null) return
    const unknown = owners.filter(({partitionSource}) => partitionSource === null).length
    if (unknown > 0) {
      this.warn(
        `the partition of ${counted(unknown, 'key')} of ${numberText(owners.length)} is unknown; --hashing-scheme sets the scheme of the producers`,
      )
    }
    const isAssumed = owners.some(({partitionSource}) => partitionSource === 'scheme')
    if (source === 'assumed' && hashingScheme !== null && isAssumed) this.warn(assumption(hashingScheme, messagesSeen))
  }

  /** The format of the lines with --stdin; null without it. */
  private lineFormat(output: ListOutput, isStdin: boolean): LineFormat | null {
    const isLines = output === 'csv' || output === 'tsv' || output === 'ndjson'
    if (isLines !== isStdin && (isLines || this.isOnCommandLine('output'))) {
      throw new Usage(
        'E_OUTPUT_STDIN',
        isStdin
          ? `--stdin prints one line per key and cannot be combined with --output ${output}; use csv, tsv or ndjson`
          : `--output ${output} prints one line per key of --stdin; without --stdin use table, wide or json`,
      )
    }
    if (!isStdin) return null
    return isLines ? output : 'tsv'
  }

  private requireOneInput(
    keys: number,
    {slot, stdin}: {readonly slot?: number | undefined; readonly stdin: boolean},
  ): void {
    if (stdin && this.jsonEnabled()) {
      throw new Usage(
        'E_STDIN_JSON',
        '--json prints one document and cannot be combined with --stdin, which prints one line per key',
        {
          next: ['use --output ndjson'],
        },
      )
    }
    const inputs = [keys > 0, stdin, slot !== undefined].filter(Boolean).length
    if (inputs !== 1) {
      const text = inputs === 0 ? 'no key given' : `${stdin ? '--stdin' : '--slot'} cannot be combined with other keys`
      throw new Usage('E_KEYS', `${text}; use KEY…, --raw-key base64:…, --slot N or --stdin`)
    }
    const sampling =
      slot === undefined ? Object.keys(sampleFlags).find((flag) => this.isOnCommandLine(flag)) : undefined
    if (sampling !== undefined) throw new Usage('E_KEYS', `--${sampling} applies to --slot only`)
  }
}

function assumption(scheme: HashingScheme, messagesSeen: number): string {
  const reason =
    messagesSeen === 0
      ? 'no message on the topic shows the hashing scheme of the producers'
      : `only ${counted(messagesSeen, 'message')} ${messagesSeen === 1 ? 'shows' : 'show'} the hashing scheme of the producers`
  return `${reason}; ${scheme} is assumed (override with --hashing-scheme)`
}

/** Writes to standard output. Ends without an error when the reader, such as `head`, closes it. */
async function writeLines(lines: AsyncIterable<Buffer>): Promise<void> {
  try {
    await pipeline(lines, process.stdout, {end: false})
  } catch (error) {
    if (!isReaderGone(error)) throw error
  }
}
