/** A quantifier, a character without one, an escape, a class, or a bracket of a group. */
const PARTS = /\{\d+(?:,\d*)?\}|(?<letter>\\[\W_]|[^\\[\](){}.|?*+^$])(?![?*{+])|\\.|\[(?:\\.|[^\]\\])*\]|\(|\)|[\s\S]/g

/** The texts that each match of an expression contains, outside of its groups; none when it has alternatives outside of them. */
export function requiredParts(expression: string): string[] {
  const parts = ['']
  let depth = 0
  for (const {0: text, groups} of expression.matchAll(PARTS)) {
    if (text === '(') depth++
    else if (text === ')') depth--
    if (depth > 0) continue
    if (text === '|') return []
    const letter = groups?.['letter']
    if (letter === undefined) parts.push('')
    else parts.push((parts.pop() ?? '') + letter.replace('\\', ''))
  }
  return parts.filter((part) => part !== '')
}

interface Lengths {
  readonly least: number
  readonly most: number
}

const LOOKAROUND = /^\(\?<?[=!]/
/** A group with its name, an escape, a class, or any character; a back reference has no known length. */
const ATOM = /\(\?<\w+>|\(\?<?[=!:]|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/y
const QUANTIFIER = /(?:(?<sign>[*+?])|\{(?<least>\d+)(?<comma>,)?(?<most>\d+)?\})\??/y

/** The lengths of the texts that an expression matches entirely. */
export function lengthsOf(expression: string): Lengths {
  let at = 0
  const next = (sticky: RegExp): RegExpExecArray | null => {
    sticky.lastIndex = at
    const match = sticky.exec(expression)
    if (match) at = sticky.lastIndex
    return match
  }
  const alternatives = (): Lengths => {
    let [least, most] = [Infinity, 0]
    do {
      const one = sequence()
      least = Math.min(least, one.least)
      most = Math.max(most, one.most)
    } while (expression[at++] === '|')
    return {least, most}
  }
  const sequence = (): Lengths => {
    let [least, most] = [0, 0]
    while (at < expression.length && expression[at] !== '|' && expression[at] !== ')') {
      const [text = ''] = next(ATOM) ?? []
      const one = text.startsWith('(') ? alternatives() : lengthOf(text)
      const times = timesOf(next(QUANTIFIER)?.groups)
      if (LOOKAROUND.test(text)) continue
      least += one.least * times.least
      most += one.most === 0 || times.most === 0 ? 0 : one.most * times.most
    }
    return {least, most}
  }
  return alternatives()
}

function lengthOf(atom: string): Lengths {
  if (/^(?:[\^$]|\\[bB])$/.test(atom)) return {least: 0, most: 0}
  return /^\\[1-9k]$/.test(atom) ? {least: 0, most: Infinity} : {least: 1, most: 1}
}

function timesOf(quantifier: Readonly<Record<string, string>> | undefined): Lengths {
  if (quantifier === undefined) return {least: 1, most: 1}
  const {comma, least, most, sign} = quantifier as Readonly<Record<string, string | undefined>>
  if (sign !== undefined) return {least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity}
  const fewest = Number(least)
  return {least: fewest, most: most === undefined ? (comma === undefined ? fewest : Infinity) : Number(most)}
}
