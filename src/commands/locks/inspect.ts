import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {redisFlags} from '../../cli/flags/common-flags.js'
import {familiesFlag, ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {DEFAULT_GRACE, lockLimitFlags, lockLimits} from '../../cli/flags/lock-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {renderLock} from '../../cli/render/locks/lock.js'
import {inspectLock, type LockInspection} from '../../domain/locks/inspect/collect-lock.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'

export default class LocksInspect extends KeyshiftCommand<LockInspection> {
  static override args = {key: Args.string({description: 'Redis key of the lock', required: true})}
  static override description =
    'Shows the format, the holders, how long the lock has been held, the waiters and whether they are connected, the ' +
    'connections that may belong to the holder, and what a release would do. Changes nothing. An open connection does ' +
    'not prove progress; the process may be alive with its worker thread hung.'
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'lock:user:42'",
    "<%= config.bin %> <%= command.id %> orders --json | jq '.result.waiters'",
  ]
  static override flags = {...redisFlags, ...familiesFlag, ...lockLimitFlags, ...tableOutputFlag}
  static override summary = 'Show the details of one Redis lock.'

  async run(): Promise<LockInspection> {
    const {args, flags} = await this.parse(LocksInspect)
    const connection = await this.connections.redis()
    const families = familiesWith(await ownFamilies(this.config.root, flags.families))
    const inspection = await inspectLock(connection, args.key, {
      ...lockLimits(flags),
      families,
      graceMs: DEFAULT_GRACE.default,
    })
    this.print(renderLock, inspection)
    return inspection
  }
}
