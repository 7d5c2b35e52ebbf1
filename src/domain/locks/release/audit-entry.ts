import type {Actor} from '../../../clients/journal/journal-store.js'
import {sha256} from '../../../digest.js'
import type {LockRelease} from './execute-release.js'
import type {PlannedRelease, ReleasePlan} from './release-plan.js'

/** The facts that are in every line of the audit log of a release. */
export interface AuditSubject {
  readonly plan: ReleasePlan
  readonly reason: string
  readonly who: Actor & {readonly sudoUser: string | null}
  /** the version of keyshift */
  readonly version: string
}

/**
 * The facts of one decision, or of the start of a release when the decision is null. The token is a fingerprint: a reader
 * that has the token can verify it, and the log does not reveal it.
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
  // `reason` is the operator's reason for the release; the reason why a lock was not released is in `leftBecause`.
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
