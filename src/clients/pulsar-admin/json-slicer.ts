const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]

export interface CutText {
  /** Receives a complete object or array of the given depth. */
  readonly onValue: (text: string) => void
  /** Receives a piece of the text around those. The pieces are valid JSON only with a value in place of each slice. */
  readonly onOuter: (bytes: Uint8Array) => void
}

/**
 * Slices JSON that arrives in chunks at the objects and arrays of one depth. It reads quotes, braces and brackets only,
 * so both sides of each slice are still to be parsed, which validates them. These characters are single bytes in UTF-8,
 * and not part of any other character.
 */
export class ValueCutter {
  private readonly levels: number
  private readonly cut: CutText
  private readonly pieces: Uint8Array[] = []
  private depth = 0
  private isInString = false
  private isEscaped = false

  /** @param levels number of objects and arrays around a slice */
  constructor(levels: number, cut: CutText) {
    this.levels = levels
    this.cut = cut
  }

  write(chunk: Uint8Array): void {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const step = this.step(chunk[at])
      if (step === 0) continue
      if (step > 0 && this.depth === this.levels) {
        this.cut.onOuter(chunk.subarray(from, at))
        from = at
      }
      this.depth += step
      if (step < 0 && this.depth === this.levels) {
        this.pieces.push(chunk.subarray(from, at + 1))
        this.cut.onValue(Buffer.concat(this.pieces.splice(0)).toString('utf8'))
        from = at + 1
      }
    }
    const rest = chunk.subarray(from)
    if (this.depth > this.levels) this.pieces.push(rest)
    else this.cut.onOuter(rest)
  }

  /** @returns 1 where an object or array starts, −1 where one ends, 0 otherwise. */
  private step(sign: number | undefined): number {
    if (this.isInString) {
      if (this.isEscaped) this.isEscaped = false
      else if (sign === BACKSLASH) this.isEscaped = true
      else if (sign === QUOTE) this.isInString = false
      return 0
    }
    if (sign === OPEN_BRACE || sign === OPEN_BRACKET) return 1
    if (sign === CLOSE_BRACE || sign === CLOSE_BRACKET) return -1
    this.isInString = sign === QUOTE
    return 0
  }
}
