import {Flags} from '@oclif/core'

import {defaultAddresses} from '../../cli/addresses.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {maxTtlFlag, redisFlags} from '../../cli/flags.js'
import {renderLocks} from '../../cli/render/locks.js'
import {connectRedis} from '../../clients/redis/connect.js'
import {type LockScan, scanLocks} from '../../domain/locks/collect.js'
import {BUILTIN_FAMILIES} from '../../domain/locks/families/builtin.js'
import {compileFamilies} from '../../domain/locks/families/compiled.js'

export default class LocksScan extends KeyshiftCommand<LockScan> {
  static override description =
    'Walks every primary by SCAN; reads only. One look tells locks without a TTL, and locks with one that ' +
    'is too long; it does not tell whether a holder is alive, so keep what is in doubt.'
  static override examples = [
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*'",
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*' --json | jq '.result.locks[] | select(.verdict == \"no-ttl\")'",
  ]
  static override flags = {
    ...redisFlags,
    limit: Flags.integer({default: 10_000, description: 'list at most this many locks; all are counted', min: 1}),
    'max-ttl': maxTtlFlag,
    pattern: Flags.string({
      default: 'lock:*',
      description: 'keys to look at, as a glob; with * only what can be nothing but a lock is taken for one',
      helpValue: 'GLOB',
    }),
  }
  static override summary = 'Find Redis locks, name their holders, and point out those that will never expire.'

  async run(): Promise<LockScan> {
    const {flags} = await this.parse(LocksScan)
    const url = flags['redis-url'] ?? (await defaultAddresses(this.config.root)).redisUrl
    const connection = this.own(await connectRedis(url))
    const scan = await scanLocks(connection, {
      pattern: flags.pattern,
      families: compileFamilies(BUILTIN_FAMILIES),
      limit: flags.limit,
      maxTtlMs: flags['max-ttl'] * 1000,
      onProgress: ({calls, locks}) => {
        this.progress.busy('scanning', `${String(locks)} locks in ${String(calls)} calls`)
      },
    })
    if (scan.summary.unreadable > 0) this.warn(`${String(scan.summary.unreadable)} keys may not be read by this login`)
    if (scan.summary.locks > flags.limit) this.warn(`only ${String(flags.limit)} locks are listed; raise --limit`)
    this.log(renderLocks(scan))
    return scan
  }
}
