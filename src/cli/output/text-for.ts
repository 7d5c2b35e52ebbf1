import {hasColor} from './color-support.js'
import {layOut} from './page.js'
import {printableReport, safeText} from './safe-text.js'
import {UNLIMITED, type View, widthOf} from './view.js'

type Stream = NodeJS.WriteStream

/**
 * A text for a stream: wrapped to its width, with colors where it supports them, and without other control characters.
 */
export function textFor(stream: Stream, text: string): string {
  const view = {...UNLIMITED, width: widthOf(stream)}
  return layOut(view, () => safeText(text, hasColor(stream)))
}

/** A report as a renderer shows it on a stream. No value in the report can start a new line. */
export function pageFor<A extends readonly unknown[]>(
  stream: Stream,
  layout: Pick<View, 'isWide' | 'remedy'>,
  render: (...report: A) => string,
  ...report: A
): string {
  const view = {...layout, width: widthOf(stream)}
  return safeText(
    layOut(view, () => render(...printableReport(report))),
    hasColor(stream),
  )
}
