import type {Actor} from '../../../clients/journal/journal-store.js'
import {sha256} from '../../../digest.js'
import type {LockRelease} from './execute-release.js'
import type {PlannedRelease, ReleasePlan} from './release-plan.js'

/** What every line of a release's audit says. */
export interface AuditSubject {
  readonly plan: ReleasePlan
  readonly reason: string
  readonly who: Actor & {readonly sudoUser: string | null}
  /** of keyshift */
  readonly version: string
}

/**
 * What an audit line says of one decision, or, where it is null, that a release begins. A token is a fingerprint in it: who
 * has the token can check it, and nobody can read it.
 */
export function auditFacts(
  {plan, reason, version, who}: AuditSubject,
  decision: {readonly planned: PlannedRelease; readonly release: LockRelease} | null,
): Record<string, unknown> {
  const subject = {
    event: decision === null ? 'begin' : 'decision',
    version,
    who,
    reason,
    address: plan.address,
    planDigest: plan.digest,
  }
  if (decision === null) return {...subject, locks: plan.releases.length}
  const {planned, release} = decision
  const {lock, snapshot} = planned
  const holder = planned.holder ?? lock.holder
  // The subject's reason is the operator's; why a lock was left alone stands beside it.
  const {reason: leftBecause, ...outcome} = release
  return {
    ...subject,
    ...outcome,
    leftBecause,
    keyBase64: snapshot.keyBase64,
    type: snapshot.type,
    tokenFingerprint: holder === null ? null : fingerprint(holder.token),
    holder: holder && {host: holder.host, pid: holder.pid, thread: holder.thread},
    expiresAtMs: snapshot.expiresAtMs,
    idleMs: lock.idleMs,
    heldAtLeastMs: lock.heldAtLeastMs,
    heldSource: lock.heldSource,
    verdicts: lock.verdicts,
    graceMs: planned.graceMs,
  }
}

function fingerprint(token: string): string {
  return sha256(token).slice(0, 16)
}
