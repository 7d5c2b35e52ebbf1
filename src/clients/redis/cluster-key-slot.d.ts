declare module 'cluster-key-slot' {
  /** The hash slot of a key, 0 to 16383; of what its first {…} holds where there is such. */
  export default function calculateSlot(key: Buffer | string): number
}
