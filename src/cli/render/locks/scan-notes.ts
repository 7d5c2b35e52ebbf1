import type {LockScan} from '../../../domain/locks/scan/collect-locks.js'
import {checkCommand} from '../../../clients/redis/check-command.js'
import {withDatabase} from '../../../clients/redis/redis-url.js'
import {failureText} from '../../../connection-failure.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {counted} from '../../../wording.js'

/** What the result does not cover, and how to complete it; empty when the scan is complete. */
export function incompleteNotes({
  failedServers,
  missingRights,
  movingSlots,
  unreadable,
  unverifiedQueues,
  unverifiedReason,
}: LockScan['summary']): string[] {
  const rights = missingRights.join(' ')
  return [
    ...(unreadable > 0
      ? [
          `${counted(unreadable, 'key')} not readable: missing permission ${rights}; grant it with ACL SETUSER USER ${rights}`,
        ]
      : []),
    ...failedServers.map(failedServerText),
    ...(unverifiedQueues > 0
      ? [
          `disconnected waiters are unknown in ${counted(unverifiedQueues, 'wait queue')} (${failureText(unverifiedReason ?? 'no answer')})`,
        ]
      : []),
    ...(movingSlots > 0
      ? [`${counted(movingSlots, 'hash slot')} kept migrating during the scan; locks in them may be missing`]
      : []),
  ]
}

function failedServerText({address, cause}: LockScan['summary']['failedServers'][number]): string {
  const reason = failureText(cause.replace(`cannot reach Redis at ${address}: `, ''))
  const check = checkCommand(address)
  return `cannot scan ${address}: ${reason}; its locks may be missing${check === null ? '' : `. Check it with: ${check}`}`
}

/** Where locks may be that the scan does not report. */
interface OutsideNote {
  readonly text: string
  /** the command that shows them */
  readonly next: string
}

const DATABASES_SHOWN = 3

/** Other databases are only mentioned if no lock was found, because applications often share a server. */
export function outsideNotes({
  address,
  database: own,
  summary,
}: Pick<LockScan, 'address' | 'database' | 'summary'>): OutsideNote[] {
  const {locks, otherDatabases, otherNames} = summary
  const databases = locks > 0 ? [] : (otherDatabases ?? []).toSorted((a, b) => b.keys - a.keys)
  const [first] = otherNames.patterns
  const names =
    otherNames.keys === 1
      ? '1 key looks like a lock under another name'
      : `${counted(otherNames.keys, 'key')} look like locks under other names`
  return [
    ...databases.slice(0, DATABASES_SHOWN).map(({database, keys}) => ({
      text: `database ${String(database)} has ${counted(keys, 'key')}`,
      next: suggestedCommand('locks', 'scan', '--redis-url', withDatabase(address, own, database)),
    })),
    ...(first === undefined
      ? []
      : [{text: names, next: suggestedCommand('locks', 'scan', '--pattern', first.pattern, '--assume-locks')}]),
  ]
}
