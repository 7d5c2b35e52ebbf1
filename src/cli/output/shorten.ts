import {visibleWidth} from './wrap-lines.js'

const ELLIPSIS = '…'
const graphemes = new Intl.Segmenter('en')

/** A name without its middle: its beginning says what it belongs to, its end which one it is. */
export function shortenMiddle(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text
  const pieces = Array.from(graphemes.segment(text), ({segment}) => segment)
  const tail = takeWidth(pieces.toReversed(), Math.floor((width - 1) / 2)).toReversed()
  const head = takeWidth(pieces, width - 1 - visibleWidth(tail.join('')))
  return `${head.join('')}${ELLIPSIS}${tail.join('')}`
}

function takeWidth(pieces: readonly string[], width: number): string[] {
  const taken: string[] = []
  let left = width
  for (const piece of pieces) {
    left -= visibleWidth(piece)
    if (left < 0) break
    taken.push(piece)
  }
  return taken
}
