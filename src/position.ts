/** The position of an entry: its ledger and its number in it. */
export interface Position {
  readonly ledgerId: number
  readonly entryId: number
}

/** Parses `ledger:entry`; null for other texts. */
export function parsePosition(text: string | undefined): Position | null {
  const groups = /^(?<ledger>\d+):(?<entry>-?\d+)$/.exec(text ?? '')?.groups
  return groups ? {ledgerId: Number(groups['ledger']), entryId: Number(groups['entry'])} : null
}

/** Whether a position comes before another, both as `ledger:entry`. */
export function isBefore(one: string | undefined, other: string): boolean {
  const [a, b] = [parsePosition(one), parsePosition(other)]
  if (!a || !b) return false
  return a.ledgerId === b.ledgerId ? a.entryId < b.entryId : a.ledgerId < b.ledgerId
}

/** Before every entry: the broker writes −1 for a missing position. */
export const BEFORE_FIRST: Position = {ledgerId: -1, entryId: -1}
