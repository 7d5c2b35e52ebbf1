declare const spaceOf: unique symbol

/**
 * The key spaces of all broker versions. They differ in size, so a slot of one space has no meaning in another; the type
 * prevents mixing them.
 *
 * - `ring-4.0`: consistent hashing since 4.0 (PIP-379), 1…65535; slot 0 means "hash not set".
 * - `ranges-4.0`: auto-split and STICKY since 4.0, 0…65535, where a key of slot 0 is moved to slot 1.
 * - `ring-classic`: consistent hashing of the classic dispatcher of 4.0 to 4.2, 1…2^31 − 2.
 * - `ring-2.4`: consistent hashing before 4.0, the hash itself, 0…2^31 − 1.
 * - `ranges-2.4`: auto-split and STICKY before 4.0, 0…65535.
 */
export type SpaceName = 'ranges-2.4' | 'ranges-4.0' | 'ring-2.4' | 'ring-4.0' | 'ring-classic'

/** The number by which a dispatcher assigns, drains and reports a key. */
export type Slot<S extends SpaceName> = number & {readonly [spaceOf]: S}

export interface KeySpace<S extends SpaceName> {
  readonly name: S
  /** The slots that a key can reach, both ends inclusive. */
  readonly first: Slot<S>
  readonly last: Slot<S>
  /** The slot of a key's murmur3 hash. */
  readonly slotOf: (hash: number) => Slot<S>
}

const MAX_HASH = 0x7f_ff_ff_ff

function keySpace<S extends SpaceName>(
  name: S,
  first: number,
  last: number,
  slotOf: (hash: number) => number,
): KeySpace<S> {
  return {name, first: first as Slot<S>, last: last as Slot<S>, slotOf: slotOf as (hash: number) => Slot<S>}
}

/** @see apache/pulsar StickyKeyConsumerSelectorUtils (4.0.8, PIP-379), and the selectors of 3.0.7 and 3.0.0 */
export const SPACES: {readonly [S in SpaceName]: KeySpace<S>} = {
  // The modulus is 65535, not 65536: the text of PIP-379 uses the size, but the code uses the last slot.
  'ring-4.0': keySpace('ring-4.0', 1, 65_535, (hash) => (hash % 65_535) + 1),
  'ranges-4.0': keySpace('ranges-4.0', 1, 65_535, (hash) => hash % 65_536 || 1),
  'ring-classic': keySpace('ring-classic', 1, MAX_HASH - 1, (hash) => (hash % (MAX_HASH - 1)) + 1),
  'ring-2.4': keySpace('ring-2.4', 0, MAX_HASH, (hash) => hash),
  'ranges-2.4': keySpace('ranges-2.4', 0, 65_535, (hash) => hash % 65_536),
}

/** The number of slots that a key can reach. */
export function sizeOf(space: KeySpace<SpaceName>): number {
  return space.last - space.first + 1
}
