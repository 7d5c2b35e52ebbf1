declare module 'cluster-key-slot' {
  /** The hash slot of a key, 0 to 16383; computed from the text in its first {…} when there is one. */
  export default function calculateSlot(key: Buffer | string): number
}
