import {join} from 'node:path'

import type {LockReleaseAnswer} from '../../../src/commands/locks/release.js'
import {askCli} from '../shells/cli.js'
import type {Place} from '../servers/live.js'

/** Plans the release of locks. @returns the plan file and the answer of the command. */
export async function plan(
  {folder}: Place,
  keys: readonly string[],
  ...more: string[]
): Promise<[string, LockReleaseAnswer]> {
  const file = join(folder, `plan-${String(Math.random())}.json`)
  return [file, await askCli<LockReleaseAnswer>(['locks', 'release', ...keys, '-o', file, ...more])]
}

export function executeArgs({folder}: Place, file: string, ...more: string[]): string[] {
  const audit = ['--audit-log', join(folder, 'audit.ndjson')]
  return ['locks', 'release', '--execute', file, '--reason', 'a test', '--yes', '--rate', '1000', ...audit, ...more]
}

export async function execute(place: Place, file: string, ...more: string[]): Promise<LockReleaseAnswer> {
  return askCli<LockReleaseAnswer>(executeArgs(place, file, ...more))
}
