const MASK = 0xff_ff_ff_ff_ff_ff_ff_ffn

/** The multiplier of Boost before 1.81, the one of MurmurHash64A. */
const FACTOR = 0xc6_a4_a7_93_5b_d1_e9_95n
const FACTOR_LOW = Number(FACTOR & 0xff_ff_ff_ffn) | 0

/**
 * The low 32 bits of each byte's own part of the hash. The part depends on the byte only, and the low bits of the hash depend
 * on low bits only, so that no other step needs 64 bits.
 */
const BYTE_PARTS = Int32Array.from({length: 256}, (_, byte) => {
  // C++ hashes signed characters.
  let part = (BigInt.asUintN(64, BigInt(byte < 128 ? byte : byte - 256)) * FACTOR) & MASK
  part ^= part >> 47n
  return Number(BigInt.asIntN(32, part * FACTOR))
})

/**
 * The hash of text by Boost before 1.81 in 64 bits, without its sign bit: `boost::hash<std::string>` of C++, Python and Node
 * clients that were built with it.
 *
 * @see boost/container_hash/hash.hpp (1.74), apache/pulsar-client-cpp BoostHash
 */
export function boostHash180(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0
  for (let at = start; at < end; at++) {
    hash = (Math.imul(hash ^ (BYTE_PARTS[bytes[at] ?? 0] ?? 0), FACTOR_LOW) + 0xe6_54_6b_64) | 0
  }
  return hash & 0x7f_ff_ff_ff
}

const STEP = 0x9e_37_79_b9_7f_4a_7c_15n
const KEY = 0xdf_44_2d_22_ce_48_59_b9n

/**
 * The same by Boost 1.81 and later.
 *
 * @see boost/container_hash/detail/hash_range.hpp (1.81)
 */
export function boostHash181(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  const length = view.byteLength
  let step = foldedProduct(STEP, KEY)
  let hash = step ^ BigInt(length)
  let at = 0
  for (; length - at >= 8; at += 8) {
    step = (step + STEP) & MASK
    hash ^= foldedProduct((view.getBigUint64(at, true) + step) & MASK, KEY)
  }
  step = (step + STEP) & MASK
  hash ^= foldedProduct((tailOf(view, at) + step) & MASK, KEY)
  return Number(foldedProduct((hash + step) & MASK, KEY) & 0x7f_ff_ff_ffn)
}

/** The last bytes, fewer than 8, as one number. */
function tailOf(view: DataView, at: number): bigint {
  const rest = view.byteLength - at
  if (rest >= 4) {
    const last = BigInt(view.getUint32(view.byteLength - 4, true)) << BigInt(8 * (rest - 4))
    return last | BigInt(view.getUint32(at, true))
  }
  if (rest === 0) return 0n
  const second = (rest - 1) & 2
  const third = rest >> 1
  return BigInt(
    (view.getUint8(at + second) << (8 * second)) | (view.getUint8(at + third) << (8 * third)) | view.getUint8(at),
  )
}

/** The low half of the 128-bit product, xor its high half. */
function foldedProduct(one: bigint, other: bigint): bigint {
  const product = one * other
  return (product & MASK) ^ (product >> 64n)
}
