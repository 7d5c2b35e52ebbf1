import {pipeline} from 'node:stream/promises'

import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderOwners} from '../../cli/render/keys/key-owners.js'
import {type ListOutput, listOutputFlag} from '../../cli/flags/output-flags.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {collectRouting} from '../../domain/keys/owners/collect-routing.js'
import {KeyDirectory} from '../../domain/keys/owners/key-directory.js'
import {type LineFormat, ownerRows} from '../../domain/keys/owners/owner-rows.js'
import {keyOwners, type KeyOwners, rawKey, textKey} from '../../domain/keys/owners/key-owners.js'
import {HASHING_SCHEMES} from '../../domain/keys/hashing/partition-routing.js'
import {Usage} from '../../errors.js'

export default class KeysOwner extends KeyshiftCommand<KeyOwners> {
  static override args = {
    topic: topicArg,
    subscription: subscriptionArg,
    key: Args.string({description: 'message keys', multiple: true, required: false}),
  }
  static override description =
    'Computes the partition with the hashing scheme of the producers, which is detected from a few messages on the topic ' +
    "unless --hashing-scheme is given. Computes the slot with the broker's hash, and takes the consumer from the ranges that " +
    'the broker reports. To find the slot of an ordering key, pass it instead of the key; the partition always depends on ' +
    'the key.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision user-42',
    "<%= config.bin %> <%= command.id %> orders decision user-42 user-43 --json | jq '.result.owners'",
    '<%= config.bin %> <%= command.id %> orders decision --raw-key base64:AQL/',
    '<%= config.bin %> <%= command.id %> orders decision --stdin --output tsv < keys.txt > owners.tsv',
  ]
  static override flags = {
    ...pulsarFlags,
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
    this.requireOneInput(keys.length, flags.stdin)
    const format = this.lineFormat(flags.output, flags.stdin)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const {isContradicted, ...routing} = await collectRouting(admin, collected, flags['hashing-scheme'] ?? null)
    const directory = new KeyDirectory(collected, facts, routing.hashingScheme)
    if (isContradicted) {
      this.warn(
        `the messages do not match ${routing.hashingScheme} partitioning, so the partitions may be wrong; specify the producers' scheme with --hashing-scheme`,
      )
    }
    if (format !== null) await writeLines(ownerRows(process.stdin, directory, format))
    const {subscription, topic} = collected
    const {hashingScheme} = routing
    const report = {topic: topic.full, subscription, hashingScheme, routing, owners: keyOwners(directory, keys)}
    if (format === null) this.print(renderOwners, report)
    return report
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

  private requireOneInput(keys: number, isStdin: boolean): void {
    if (isStdin && this.jsonEnabled()) {
      throw new Usage(
        'E_STDIN_JSON',
        '--json prints one document and cannot be combined with --stdin, which prints one line per key',
        {
          next: ['use --output ndjson'],
        },
      )
    }
    if (keys > 0 === isStdin) {
      const text = isStdin ? '--stdin cannot be combined with other keys' : 'no key given'
      throw new Usage('E_KEYS', `${text}; use KEY…, --raw-key base64:… or --stdin`)
    }
  }
}

/** Writes to standard output. Ends without an error when the reader, such as `head`, closes it. */
async function writeLines(lines: AsyncIterable<Buffer>): Promise<void> {
  try {
    await pipeline(lines, process.stdout, {end: false})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
