import {printable} from '../../printable.js'

/** Characters that begin or end something in GitHub's Markdown, wherever they are in a line. */
const SPECIAL = /[\\`*_{}[\]<>()#!|~&$@]/g
/** What makes a line a list, a heading or a table only at its beginning. */
const AT_START = /^(\s*\d*)([-+=.:)])/

/** A text without Markdown: it contains no emphasis, link, HTML, table cell or list. */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll(SPECIAL, String.raw`\$&`)
    .replace(AT_START, String.raw`$1\$2`)
    .replaceAll('://', String.raw`\://`)
    .replaceAll(/www\./gi, (found) => `${found.slice(0, -1)}\\.`)
}

/** A name as a code span. It ends at a run of backticks of the same length, so a longer one than in the name encloses it. */
export function codeSpan(text: string): string {
  const safe = printable(text)
  if (safe.trim() === '') return markdownText(`"${safe}"`)
  const fence = '`'.repeat(longestRun(safe) + 1)
  const pad = /^[` ]|[` ]$/.test(safe) ? ' ' : ''
  return `${fence}${pad}${safe}${pad}${fence}`
}

/** A code block. @param language `sh`, `text` */
export function codeBlock(lines: readonly string[], language: string): string {
  const safe = lines.map(printable)
  const fence = '`'.repeat(Math.max(3, ...safe.map((line) => longestRun(line) + 1)))
  return [`${fence}${language}`, ...safe, fence].join('\n')
}

/** A table. @param rows of cells that are Markdown already */
export function markdownTable(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map((cells) => line(cells.map(asCell)))].join('\n')
}

/** A cell ends at a pipe, even inside a code span. */
function asCell(markdown: string): string {
  return markdown.replaceAll(/(?<!\\)\|/g, String.raw`\|`)
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
