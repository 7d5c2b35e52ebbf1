import {Flags} from '@oclif/core'

import type {CompiledFamilies} from '../../domain/locks/families/compiled.js'
import type {LockScan} from '../../domain/locks/scan/collect-locks.js'
import type {ScanSettings} from '../../domain/locks/scan/collect-server.js'
import {incomplete, Unreachable, Usage} from '../../errors.js'
import {SEVERITIES, type Severity} from '../../severity.js'
import {incompleteNotes, outsideNotes} from '../render/locks/scan-notes.js'
import {durationFlag} from './duration.js'
import {familiesFlag} from './lock-families-flag.js'
import {lockLimitFlags, lockLimits} from './lock-flags.js'

/** What is scanned and how, for the commands that scan Redis for locks. */
export const lockScanFlags = {
  ...familiesFlag,
  ...lockLimitFlags,
  'assume-locks': Flags.boolean({
    description:
      'every key that matches --pattern is a lock (default: only unambiguous lock formats, and names with a word such as lock, mutex or lease)',
  }),
  'avoid-scripts': Flags.boolean({description: 'read with pipelines instead of a read-only script (slower)'}),
  'fail-on': Flags.option({
    description: 'exit 10 if any lock has a verdict at or above this severity; otherwise exit 4 where --strict does',
    options: SEVERITIES,
  })(),
  family: Flags.string({
    description: 'only locks of this family, such as redisson; repeat for several',
    helpValue: 'NAME',
    multiple: true,
  }),
  'from-replica': Flags.boolean({
    description:
      'read from a replica of each primary: adds no load to the primary and does not reset the idle times of its keys',
  }),
  'latency-guard': durationFlag({
    description:
      'read small pages, give other programs on this machine priority, and slow down when Redis takes longer than this to answer a PING, such as 5ms',
  }),
  'max-ops': Flags.integer({
    description: 'maximum number of Redis commands per second on each server',
    helpValue: 'N',
    min: 1,
  }),
  observe: durationFlag({
    description:
      'sample each lock twice, this time apart, such as 12s; use more than two renewal intervals of your locks',
  }),
  pattern: Flags.string({description: 'glob of the keys to scan (default: all keys)', helpValue: 'GLOB'}),
  redlock: Flags.string({
    description: 'a further independent Redlock server; repeat for each server (default: the servers of the context)',
    helpGroup: 'REDIS',
    helpValue: 'redis://HOST:6379',
    multiple: true,
  }),
  strict: Flags.boolean({
    description:
      'exit 4 if a server or a key is missing from the scan, or if it found no lock although other databases or names may have some',
  }),
}

interface ScanFlags {
  readonly 'avoid-scripts': boolean
  readonly family?: readonly string[] | undefined
  readonly 'from-replica': boolean
  readonly 'latency-guard'?: number | undefined
  readonly 'max-hold': number
  readonly 'max-ops'?: number | undefined
  readonly 'max-ttl': number
  readonly observe?: number | undefined
}

/** @throws Usage E_LOCK_FAMILY for a --family that does not exist. */
export function scanSettings(
  flags: ScanFlags,
  families: CompiledFamilies,
): Omit<ScanSettings, 'earlierSamples' | 'isAssumed' | 'pattern' | 'signal'> {
  const unknown = (flags.family ?? []).filter((name) => !families.families.has(name))
  if (unknown.length > 0) {
    const known = [...families.families.keys()].toSorted().join(', ')
    throw new Usage('E_LOCK_FAMILY', `unknown lock family: ${unknown.join(', ')}; known are ${known}`)
  }
  return {
    families,
    limits: lockLimits(flags),
    onlyFamilies: flags.family === undefined ? undefined : new Set(flags.family),
    observeMs: flags.observe,
    avoidsScripts: flags['avoid-scripts'],
    fromReplica: flags['from-replica'],
    rate: {maxOps: flags['max-ops'] ?? null, guardMs: flags['latency-guard'] ?? null},
  }
}

interface ExitFlags {
  readonly 'fail-on'?: Severity | undefined
  readonly strict: boolean
}

/**
 * Fails if the scan shows less than the user asked for: with --strict always, with --fail-on unless a lock was found at that
 * severity, which is the more urgent answer.
 *
 * @throws Unreachable E_INCOMPLETE, E_NOTHING_SEEN.
 */
export function requireSeen(scan: LockScan, {'fail-on': level, strict}: ExitFlags, findings: number): void {
  if (!strict && (level === undefined || findings > 0)) return
  const {failedServers, missingRights, movingSlots, otherDatabases, otherNames, unreadable} = scan.summary
  const flag = strict ? '--strict' : '--fail-on'
  const gaps = incompleteNotes(scan.summary)
  if (gaps.length > 0) {
    throw incomplete('scan', gaps.join('; '), flag, {failedServers, missingRights, movingSlots, unreadable})
  }
  // A database without locks is normal, but if it is empty and another one is not, it is the wrong one.
  const isWrongDatabase = scan.scannedKeys === 0 && (otherDatabases ?? []).length > 0
  if (scan.summary.locks > 0 || !(isWrongDatabase || otherNames.keys > 0)) return
  const outside = outsideNotes(scan)
  throw new Unreachable('E_NOTHING_SEEN', `no lock was found: ${outside.map(({text}) => text).join('; ')}`, {
    data: {pattern: scan.pattern, database: scan.database, scannedKeys: scan.scannedKeys, otherDatabases, otherNames},
    next: [
      ...outside.map(({next}) => next),
      `if these are not locks, state which keys are: --pattern 'lock:*'; or omit ${flag}`,
    ],
  })
}
