import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {stuckAfterFlag} from '../cli/flags/diagnosis-flags.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../cli/flags/common-flags.js'
import {interruptible} from '../cli/interrupt-signal.js'
import {ownFamilies} from '../cli/flags/lock-families-flag.js'
import {messageLockFlags, messageLocks} from '../cli/flags/lock-flags.js'
import {renderWhy} from '../cli/render/why.js'
import type {LockPatterns} from '../domain/doctor/collect-blocking-locks.js'
import {STUCK_AFTER_MS} from '../domain/progress/thresholds.js'
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
    'Follows the key to its partition, slot and consumer. Checks whether the slot is draining, whether the oldest entries of ' +
    'the backlog contain messages of the key, whether its Redis lock is held, and whether its partition has a problem. ' +
    'If the partition has no message of the key, or is unknown, it searches all partitions. ' +
    'Changes nothing. Ends with one verdict, its confidence, and a safe next step. Works for each subscription type.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision user-42',
    "<%= config.bin %> <%= command.id %> orders decision user-42 --key-pattern 'lock:user:{key}' --holder-pattern '{consumer}:*'",
    '<%= config.bin %> <%= command.id %> orders decision user-42 --json | jq .result.verdict',
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageLockFlags,
    'hashing-scheme': Flags.option({
      description: 'hashing scheme of the producers (default: detected from messages on the topic)',
      options: HASHING_SCHEMES,
    })(),
    max: Flags.integer({
      default: 500,
      description:
        "read up to N of the oldest backlog entries of the key's partition; a search of the other partitions reads up to N more",
      helpValue: 'N',
      min: 1,
    }),
    ...stuckAfterFlag(STUCK_AFTER_MS),
  }
  static override summary = 'Explain where the messages of a key are and why they are not being delivered.'

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
      signal: this.closeAtEnd(interruptible()).signal,
    })
    this.print(renderWhy, explanation)
    return explanation
  }

  /** @throws Usage E_PATTERN if the pattern can match several locks. */
  private async lock(flags: Parameters<typeof messageLocks>[0]): Promise<LockPatterns | null> {
    const pattern = flags['key-pattern']
    if (pattern !== undefined && (pattern.split('{key}').length !== 2 || pattern.includes('*'))) {
      throw new Usage(
        'E_PATTERN',
        `--key-pattern ${pattern} must name one lock: it must contain {key} exactly once and no *`,
      )
    }
    return messageLocks(flags, this.connections, familiesWith(await ownFamilies(this.config.root, flags.families)))
  }
}

/** Between two samples: long enough to notice consumers that join or leave, and counters that do not change. */
const WINDOW_MS = 300
