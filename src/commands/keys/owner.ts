import {pipeline} from 'node:stream/promises'

import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderOwners} from '../../cli/render/keys/key-owners.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {collectRouting} from '../../domain/keys/owners/collect-routing.js'
import {KeyDirectory} from '../../domain/keys/owners/key-directory.js'
import {ownerRows} from '../../domain/keys/owners/owner-rows.js'
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
    'The partition follows from the hashing scheme of the producers, which is told from a few messages on the topic ' +
    "unless it is given; the slot from the broker's hash; the consumer from the ranges that the broker reports. An " +
    'ordering key takes the place of the key for the slot, but not for the partition.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision user-42',
    "<%= config.bin %> <%= command.id %> orders decision user-42 user-43 --json | jq '.result.owners'",
    '<%= config.bin %> <%= command.id %> orders decision --raw-key base64:AQL/',
    '<%= config.bin %> <%= command.id %> orders decision --stdin --output tsv < keys.txt > owners.tsv',
  ]
  static override flags = {
    ...pulsarFlags,
    'hashing-scheme': Flags.option({
      description: 'how producers choose the partition of a key',
      options: HASHING_SCHEMES,
    })(),
    output: Flags.option({
      description: 'form of the lines that --stdin gives',
      dependsOn: ['stdin'],
      options: ['csv', 'tsv', 'ndjson'] as const,
    })(),
    'raw-key': Flags.string({description: 'a key of bytes, as base64:AQL/', multiple: true, helpValue: 'base64:TEXT'}),
    stdin: Flags.boolean({
      default: false,
      description: 'read keys from standard input, one UTF-8 line each, however many',
    }),
  }
  static override summary = 'Show which partition, slot and consumer each key goes to.'

  async run(): Promise<KeyOwners> {
    const {args, flags} = await this.parse(KeysOwner)
    const keys = [...(args.key ?? []).map(textKey), ...(flags['raw-key'] ?? []).map(rawKey)]
    this.requireOneInput(keys.length, flags.stdin)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const {isContradicted, ...routing} = await collectRouting(admin, collected, flags['hashing-scheme'] ?? null)
    const directory = new KeyDirectory(collected, facts, routing.hashingScheme)
    if (isContradicted) {
      this.warn(
        `messages on the topic are not where ${routing.hashingScheme} puts their keys: the partitions may be wrong`,
      )
    }
    if (flags.stdin) await pour(ownerRows(process.stdin, directory, flags.output ?? 'tsv'))
    const {subscription, topic} = collected
    const {hashingScheme} = routing
    const report = {topic: topic.full, subscription, hashingScheme, routing, owners: keyOwners(directory, keys)}
    if (!flags.stdin) this.print(renderOwners, report)
    return report
  }

  private requireOneInput(keys: number, isStdin: boolean): void {
    if (isStdin && this.jsonEnabled()) {
      throw new Usage('E_STDIN_JSON', '--stdin gives a line for each key, and --json one document for all', {
        next: ['use --output ndjson'],
      })
    }
    if (keys > 0 === isStdin) {
      const text = isStdin ? '--stdin takes its keys from standard input alone' : 'no key is given'
      throw new Usage('E_KEYS', `${text}; give KEY…, --raw-key base64:… or --stdin`)
    }
  }
}

/** Writes to standard output; a reader that has seen enough, such as `head`, ends it in silence. */
async function pour(lines: AsyncIterable<Buffer>): Promise<void> {
  try {
    await pipeline(lines, process.stdout, {end: false})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
