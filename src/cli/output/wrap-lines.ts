import stringWidth from 'string-width'

const HANGING = 2

/** The first words of commands. Before any other word, `keyshift` is only the name of this program. */
export const COMMAND_WORDS: ReadonlySet<string> = new Set([
  ...['backlog', 'complete', 'completion', 'context', 'doctor', 'help', 'keys', 'locks', 'migrate', 'subscriptions'],
  'why',
])

interface Word {
  text: string
  /** spaces before it */
  readonly gap: string
  /** part of a command that is printed to be pasted, except for its first word */
  readonly isInCommand: boolean
}

/**
 * Breaks lines that are longer than the width between words; only a word that is longer than a line is cut. A command to
 * paste starts on its own line where that makes it fit, is continued by ` \`, and its words are never cut.
 *
 * @param hangs additional indentation of the rest of a line
 */
export function wrapLines(text: string, width: number, hangs = HANGING): string {
  if (width === Infinity) return text
  return text
    .split('\n')
    .flatMap((line) => (visibleWidth(line) <= width ? line : wrapLine(line, width, hangs)))
    .join('\n')
}

/** Terminal columns of a text without newlines. */
export function visibleWidth(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text)
}

function wrapLine(line: string, width: number, hangs: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? ''
  // One wide character must fit next to the indentation; otherwise cutting a word would never end.
  const hanging = ' '.repeat(Math.max(0, Math.min(indent.length + hangs, Math.floor(width / 2), width - 2)))
  const words = wordsOf(line.trimStart())
  const lines: string[] = []
  let current = ' '.repeat(Math.min(indent.length, hanging.length))
  let isStart = true
  for (const [at, {gap, isInCommand, text}] of words.entries()) {
    const room = width - (words[at + 1]?.isInCommand === true ? ' \\'.length : 0)
    const needed = isInCommand ? text : `${text}${commandAfter(words, at)}`
    const isFitting =
      visibleWidth(current + gap + text) <= room &&
      (isInCommand || !startsLater(current + gap, needed, text, room, hanging))
    if (isStart || isFitting) current += isStart ? text : gap + text
    else {
      lines.push(isInCommand ? `${current} \\` : current)
      current = hanging + text
    }
    isStart = false
    while (!isInCommand && visibleWidth(current) > width && text !== 'keyshift') {
      const head = cut(current, width)
      lines.push(head)
      current = hanging + current.slice(head.length)
    }
  }
  return [...lines, current]
}

/** The rest of a command that begins at a word. */
function commandAfter(words: readonly Word[], at: number): string {
  let rest = ''
  for (const {gap, isInCommand, text} of words.slice(at + 1)) {
    if (!isInCommand) break
    rest += gap + text
  }
  return rest
}

/** Whether a command does not fit here, but does on a line of its own. */
function startsLater(before: string, command: string, first: string, room: number, hanging: string): boolean {
  return command !== first && visibleWidth(before + command) > room && visibleWidth(hanging + command) <= room + 2
}

function wordsOf(line: string): Word[] {
  const words: Word[] = []
  let isCommand = false
  for (const [, gap = '', text = ''] of line.matchAll(/(\s*)(\S+)/g)) {
    const last = words.at(-1)
    const isContinued = isCommentOf(last) || (isCommand ? isOpen(last?.text ?? '') : isUnitOf(last?.text ?? '', text))
    if (last && isContinued) last.text += gap + text
    else {
      isCommand &&= gap.length === 1 && !/[;,]$/.test(last?.text ?? '')
      isCommand ||= last?.text === 'keyshift' && COMMAND_WORDS.has(text)
      words.push({text, gap, isInCommand: isCommand})
    }
  }
  return words
}

/** Whether a word is the unit of the number before it: a line never ends between `60` and `s`. */
function isUnitOf(number: string, text: string): boolean {
  return /\d$/.test(number) && /^(?:B|kB|MB|GB|TB|PB|ms|s|min|h|d|%)(?:$|[^\w])/.test(text)
}

/** Whether a word starts the comment after a command. It stays on one line, because a shell would run its second line. */
function isCommentOf(word: Word | undefined): boolean {
  return word !== undefined && word.gap.length > 1 && word.text.startsWith('#')
}

/** Whether a quote in a word of a command is not closed yet. */
function isOpen(word: string): boolean {
  return word.replaceAll(String.raw`\'`, '').split("'").length % 2 === 0
}

/** As much of the beginning as fits; at least one character, and colors stay complete. */
function cut(text: string, width: number): string {
  let end = 0
  for (const [piece] of text.matchAll(/\u001b\[\d+m|[^]/gu)) {
    if (end > 0 && visibleWidth(text.slice(0, end + piece.length)) > width) break
    end += piece.length
  }
  return text.slice(0, end)
}
