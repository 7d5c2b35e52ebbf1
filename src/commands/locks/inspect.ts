import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {redisFlags} from '../../cli/flags/common-flags.js'
import {familiesFlag, ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {lockLimitFlags, lockLimits} from '../../cli/flags/lock-flags.js'
import {renderLock} from '../../cli/render/locks/lock.js'
import {inspectLock, type LockInspection} from '../../domain/locks/inspect/collect-lock.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'

export default class LocksInspect extends KeyshiftCommand<LockInspection> {
  static override args = {key: Args.string({description: 'the key of the lock', required: true})}
  static override description =
    'Reads only. Tells the format, who holds it and for how long, who waits and whether they live, which connections ' +
    "could be the holder's, and what a release would do, step by step. A connection proves no work: a process can live " +
    'whose thread is dead.'
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'lock:user:42'",
    "<%= config.bin %> <%= command.id %> orders --json | jq '.result.waiters'",
  ]
  static override flags = {...redisFlags, ...familiesFlag, ...lockLimitFlags}
  static override summary = 'Show everything about one Redis lock.'

  async run(): Promise<LockInspection> {
    const {args, flags} = await this.parse(LocksInspect)
    const connection = await this.connections.redis()
    const families = familiesWith(await ownFamilies(this.config.root, flags.families))
    const inspection = await inspectLock(connection, args.key, {families, ...lockLimits(flags)})
    this.print(renderLock, inspection)
    return inspection
  }
}
