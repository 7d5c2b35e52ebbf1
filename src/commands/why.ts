import {Args, Flags} from '@oclif/core'

import {defaultAddresses} from '../cli/addresses.js'
import {KeyshiftCommand} from '../cli/base-command.js'
import {connectAdmin} from '../cli/connect.js'
import {defaultDuration, durationFlag} from '../cli/duration.js'
import {pulsarFlags, redisFlags, subscriptionArg, topicArg} from '../cli/flags.js'
import {interruptible} from '../cli/interruptible.js'
import {familiesFlag, ownFamilies} from '../cli/lock-families.js'
import {renderWhy} from '../cli/render/why.js'
import {connectRedis} from '../clients/redis/connect.js'
import {collectWhy, type LockQuestion} from '../domain/diagnosis/collect-why.js'
import type {Explanation} from '../domain/diagnosis/why.js'
import {HASHING_SCHEMES} from '../domain/keyshared/routing.js'
import {familiesWith} from '../domain/locks/families/builtin.js'
import {Usage} from '../errors.js'

export default class Why extends KeyshiftCommand<Explanation> {
  static override args = {
    topic: topicArg,
    subscription: subscriptionArg,
    key: Args.string({description: 'message key', required: true}),
  }
  static override description =
    'Follows the key to its partition, slot and consumer, sees whether the slot is draining, looks for its messages among the ' +
    'oldest of the backlog, for its Redis lock, and for what is wrong with its partition. Reads only. It ends with one ' +
    'verdict, how sure it is, and what to do next that harms nobody. Shared and Failover too.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision user-42',
    "<%= config.bin %> <%= command.id %> orders decision user-42 --key-pattern 'lock:user:{key}' --holder-pattern '{consumer}:*'",
    '<%= config.bin %> <%= command.id %> orders decision user-42 --json | jq .result.verdict',
  ]
  static override flags = {
    ...pulsarFlags,
    ...redisFlags,
    ...familiesFlag,
    'hashing-scheme': Flags.option({
      description: 'how producers choose the partition of a key',
      options: HASHING_SCHEMES,
    })(),
    'holder-pattern': Flags.string({
      dependsOn: ['key-pattern'],
      description:
        "a lock holder's token: {consumer} stands for the consumer's name, address or a value of its metadata",
      helpGroup: 'REDIS',
      helpValue: '{consumer}:*',
    }),
    'key-pattern': Flags.string({
      description: "the key's Redis lock: {key} stands for the message key",
      helpGroup: 'REDIS',
      helpValue: 'lock:user:{key}',
    }),
    max: Flags.integer({
      default: 500,
      description: "entries to read of the partition's backlog, from the oldest on",
      helpValue: 'N',
      min: 1,
    }),
    'stuck-after': durationFlag({
      ...defaultDuration('30s'),
      description: 'a consumer that has acknowledged nothing for so long is stuck',
      helpValue: '30s',
    }),
  }
  static override summary = 'Say of one key where its messages are, and why they wait.'

  async run(): Promise<Explanation> {
    const {args, flags} = await this.parse(Why)
    const lock = await this.lock(flags)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    const explanation = await collectWhy(admin, {
      ...args,
      hashingScheme: flags['hashing-scheme'] ?? null,
      max: flags.max,
      windowMs: WINDOW_MS,
      stuckAfterMs: flags['stuck-after'],
      lock,
      signal: this.own(interruptible()).signal,
    })
    this.log(renderWhy(explanation))
    return explanation
  }

  private async lock(flags: LockFlags): Promise<LockQuestion | null> {
    const keyPattern = flags['key-pattern']
    if (keyPattern === undefined) return null
    if (keyPattern.split('{key}').length !== 2 || keyPattern.includes('*')) {
      throw new Usage('E_PATTERN', `--key-pattern ${keyPattern} has to name one lock: {key} once, and no *`)
    }
    const url = flags['redis-url'] ?? (await defaultAddresses(this.config.root)).redisUrl
    return {
      connection: this.own(await connectRedis(url)),
      families: familiesWith(await ownFamilies(this.config.root, flags.families)),
      keyPattern,
      holderPattern: flags['holder-pattern'] ?? null,
    }
  }
}

/** Between two looks: enough to see who comes or goes, and what stands still. */
const WINDOW_MS = 300

interface LockFlags {
  readonly families?: string | undefined
  readonly 'holder-pattern'?: string | undefined
  readonly 'key-pattern'?: string | undefined
  readonly 'redis-url'?: string | undefined
}
