const C1 = 0xcc_9e_2d_51
const C2 = 0x1b_87_35_93

/**
 * MurmurHash3 x86_32 with seed 0, without its sign bit: Pulsar's hash of a sticky key.
 *
 * @param start of the key in `bytes`; `end` is exclusive. With them, keys in a larger buffer need no view of their own.
 * @returns an integer from 0 to 2^31 − 1.
 * @see apache/pulsar Murmur3_32Hash.makeHash (pulsar-common 4.0.8); `a` gives 1009084850, `key-0` 1664612543.
 */
export function murmur3(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start
  const tail = start + (length & ~3)
  let hash = 0
  for (let at = start; at < tail; at += 4) {
    hash ^= scramble(
      byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24),
    )
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6_54_6b_64) | 0
  }
  let rest = 0
  for (let at = end - 1; at >= tail; at--) rest = (rest << 8) | byte(bytes, at)
  return finish(hash ^ scramble(rest) ^ length) & 0x7f_ff_ff_ff
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

function scramble(block: number): number {
  const mixed = Math.imul(block, C1)
  return Math.imul((mixed << 15) | (mixed >>> 17), C2)
}

/** Spreads every input bit over the whole word. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35)
  return mixed ^ (mixed >>> 16)
}
