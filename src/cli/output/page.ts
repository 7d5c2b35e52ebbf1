import {paint} from './palette.js'
import {UNLIMITED, type View} from './view.js'
import {wrapLines} from './wrap-lines.js'

/** What is laid out while a renderer runs; renderers are synchronous. */
class Page {
  readonly view: View
  readonly leftOut = new Set<string>()
  isShortened = false

  constructor(view: View) {
    this.view = view
  }
}

let current = new Page(UNLIMITED)

/** The view of the output that is being rendered. */
export function currentView(): View {
  return current.view
}

/** Tables report the columns that they left out; the page lists them once, at its end. */
export function reportLeftOut(heads: readonly string[], isShortened: boolean): void {
  for (const head of heads) current.leftOut.add(head)
  current.isShortened ||= isShortened
}

/**
 * The output of a renderer for a view: no line is longer than its width, and a last line names the columns that were left
 * out.
 */
export function layOut(view: View, render: () => string): string {
  const outer = current
  const page = new Page(view)
  current = page
  try {
    const text = wrapLines(render(), view.isWide ? Infinity : view.width)
    return [text, ...noteOf(page)].join('\n\n')
  } finally {
    current = outer
  }
}

function noteOf({isShortened, leftOut, view}: Page): string[] {
  if (leftOut.size === 0 && !isShortened) return []
  const columns = [...leftOut].map((head) => head.toUpperCase()).join(', ')
  const what = leftOut.size === 0 ? 'Names are shortened' : `Columns left out: ${columns}`
  return [
    wrapLines(`${what}. Use ${view.remedy} to show all.`, view.width)
      .split('\n')
      .map((line) => paint.secondary(line))
      .join('\n'),
  ]
}
