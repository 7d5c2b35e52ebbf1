import stringWidth from 'string-width'

const COLUMN_PX = 8.4
const LINE_PX = 19
const MARGIN_PX = 20
const FONT_PX = 14
const BACKGROUND = '#161b22'
const FOREGROUND = '#e6edf3'
/** The eight colors in the order of their SGR codes, 30 to 37; the same serve as backgrounds, 40 to 47. */
const PALETTE = ['#161b22', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6edf3']

interface Style {
  readonly color: string | null
  readonly background: string | null
  readonly isBold: boolean
  readonly isDim: boolean
}

interface Run {
  readonly text: string
  readonly style: Style
  /** the column of its first character, from 0 */
  readonly column: number
  /** in columns */
  readonly width: number
}

const PLAIN: Style = {color: null, background: null, isBold: false, isDim: false}

/**
 * Draws terminal output as an SVG image. The image has its own dark background, so it is readable on light and dark
 * pages. Every run of text has an explicit position and length: columns align in every monospaced font.
 *
 * @param output text with SGR escape sequences for bold, dim and the sixteen colors; other sequences are an error.
 * @param columns where a terminal of this width wraps a line.
 */
export function terminalSvg(output: string, columns: number): string {
  const lines = layOut(output, columns)
  const width = Math.ceil(columns * COLUMN_PX + 2 * MARGIN_PX)
  const height = lines.length * LINE_PX + 2 * MARGIN_PX
  const drawn = lines.flatMap((runs, row) =>
    runs.map((run) => drawRun(run, MARGIN_PX + row * LINE_PX)).filter((element) => element !== ''),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}">`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, monospace" font-size="${String(FONT_PX)}" fill="${FOREGROUND}" xml:space="preserve">`,
    ...drawn,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** Splits output into lines of at most `columns`, and each line into runs of one style. */
function layOut(output: string, columns: number): Run[][] {
  let style = PLAIN
  return output.split('\n').flatMap((line) => {
    const rows: Run[][] = [[]]
    let column = 0
    for (const part of line.split(/(\u001B\[[\d;]*m)/u)) {
      const codes = /^\u001B\[([\d;]*)m$/u.exec(part)?.[1]
      if (codes !== undefined) {
        style = codes.split(';').map(Number).reduce(restyled, style)
        continue
      }
      if (part.includes('\u001B')) throw new Error(`not an SGR sequence: ${JSON.stringify(part)}`)
      for (let rest = part; rest !== '';) {
        if (column >= columns) {
          rows.push([])
          column = 0
        }
        const text = firstColumns(rest, columns - column)
        const width = stringWidth(text)
        rows.at(-1)?.push({text, style, column, width})
        column += width
        rest = rest.slice(text.length)
      }
    }
    return rows
  })
}

/** The characters that fit in a number of columns; at least one. */
function firstColumns(text: string, columns: number): string {
  let fitting = ''
  for (const character of text) {
    if (fitting !== '' && stringWidth(fitting + character) > columns) break
    fitting += character
  }
  return fitting
}

function restyled(style: Style, code: number): Style {
  if (code === 0) return PLAIN
  if (code === 1) return {...style, isBold: true}
  if (code === 2) return {...style, isDim: true}
  if (code === 22) return {...style, isBold: false, isDim: false}
  if (code === 39) return {...style, color: null}
  if (code === 49) return {...style, background: null}
  const color = PALETTE[code % 10]
  const tens = Math.floor(code / 10)
  if (color !== undefined && (tens === 3 || tens === 9)) return {...style, color}
  if (color !== undefined && (tens === 4 || tens === 10)) return {...style, background: color}
  throw new Error(`SGR code ${String(code)} is not supported`)
}

function drawRun(run: Run, top: number): string {
  const box = run.style.background === null ? '' : drawBox(run, run.style.background, top)
  const text = run.text.trim()
  if (text === '') return box
  // Renderers disagree about leading blanks, so the position says it.
  const indent = run.text.length - run.text.trimStart().length
  const x = MARGIN_PX + (run.column + indent) * COLUMN_PX
  const attributes = [
    `x="${round(x)}" y="${round(top + LINE_PX * 0.75)}" textLength="${round(stringWidth(text) * COLUMN_PX)}"`,
    run.style.color === null ? '' : ` fill="${run.style.color}"`,
    run.style.isBold ? ' font-weight="bold"' : '',
    run.style.isDim ? ' opacity="0.65"' : '',
  ]
  return `${box}<text ${attributes.join('')}>${escaped(text)}</text>`
}

function drawBox({column, width}: Run, color: string, top: number): string {
  const x = round(MARGIN_PX + column * COLUMN_PX)
  return `<rect x="${x}" y="${String(top)}" width="${round(width * COLUMN_PX)}" height="${String(LINE_PX)}" fill="${color}"/>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function round(pixels: number): string {
  return String(Math.round(pixels * 100) / 100)
}
