const C1 = 0xcc_9e_2d_51
const C2 = 0x1b_87_35_93

/**
 * MurmurHash3 x86_32 with seed 0, without its sign bit: the hash that Pulsar takes of a sticky key.
 *
 * @returns an integer from 0 to 2^31 − 1.
 * @see apache/pulsar Murmur3_32Hash.makeHash (pulsar-common 4.0.8); `a` gives 1009084850, `key-0` 1664612543.
 */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tail = bytes.length & ~3
  let hash = 0
  for (let at = 0; at < tail; at += 4) {
    hash ^= scramble(view.getUint32(at, true))
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6_54_6b_64) | 0
  }
  let rest = 0
  for (let at = bytes.length - 1; at >= tail; at--) rest = (rest << 8) | view.getUint8(at)
  return finish(hash ^ scramble(rest) ^ bytes.length) & 0x7f_ff_ff_ff
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
