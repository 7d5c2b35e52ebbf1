import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {defaultDuration, durationFlag} from '../cli/flags/duration.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../cli/flags/common-flags.js'
import {interruptible} from '../cli/interrupt-signal.js'
import {ownFamilies} from '../cli/flags/lock-families-flag.js'
import {messageLockFlags, messageLocks} from '../cli/flags/lock-flags.js'
import {renderWhy} from '../cli/render/why.js'
import type {LockPatterns} from '../domain/doctor/collect-blocking-locks.js'
import {collectWhy} from '../domain/why/collect-why.js'
import type {Explanation} from '../domain/why/explain-key.js'
import {HASHING_SCHEMES} from '../domain/keys/hashing/partition-routing.js'
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
    ...messageLockFlags,
    'hashing-scheme': Flags.option({
      description: 'how producers choose the partition of a key',
      options: HASHING_SCHEMES,
    })(),
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
    const admin = await this.connections.admin()
    const explanation = await collectWhy(admin, {
      ...args,
      hashingScheme: flags['hashing-scheme'] ?? null,
      max: flags.max,
      windowMs: WINDOW_MS,
      stuckAfterMs: flags['stuck-after'],
      lock,
      signal: this.own(interruptible()).signal,
    })
    this.print(renderWhy, explanation)
    return explanation
  }

  /** @throws Usage E_PATTERN for a pattern of several locks. */
  private async lock(flags: Parameters<typeof messageLocks>[0]): Promise<LockPatterns | null> {
    const pattern = flags['key-pattern']
    if (pattern !== undefined && (pattern.split('{key}').length !== 2 || pattern.includes('*'))) {
      throw new Usage('E_PATTERN', `--key-pattern ${pattern} has to name one lock: {key} once, and no *`)
    }
    return messageLocks(flags, this.connections, familiesWith(await ownFamilies(this.config.root, flags.families)))
  }
}

/** Between two looks: enough to see who comes or goes, and what stands still. */
const WINDOW_MS = 300
