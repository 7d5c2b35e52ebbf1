import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {layOut} from '../../../../src/cli/output/page.js'
import {printableReport, safeText} from '../../../../src/cli/output/safe-text.js'
import {visibleWidth} from '../../../../src/cli/output/wrap-lines.js'
import {RENDERINGS} from '../../../support/reports/rendered.js'

/** Fields whose values clients choose: names of topics, subscriptions, consumers and producers, keys, tokens, addresses. */
const CHOSEN_BY_CLIENTS =
  /^(topic|subscription|newSubscription|consumer|consumerName|name|names|key|lock|holder|token|address|clientVersion|role|producerName|cluster|value|hostname|subject|reason|family|properties)$/

/** The report with each name that a client may choose replaced, in lists too. */
function withNames<T>(report: T, next: () => string): T {
  const replaced = (value: unknown, field: string): unknown => {
    if (typeof value === 'string') return CHOSEN_BY_CLIENTS.test(field) ? next() : value
    if (Array.isArray(value)) return value.map((one) => replaced(one, field))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, name)]))
  }
  return replaced(report, '') as T
}

/** Control characters, bidirectional overrides, wide characters, spreadsheet formulas, shell syntax, very long words. */
const piece = fc.constantFrom(
  ...[
    '\u001b[31m',
    '\u001b]8;;http://x\u0007',
    '\r',
    '\n',
    '\t',
    '\0',
    '\u202e',
    '\u2028',
    '\u009b',
    '\u200b',
    '漢字',
    '👩‍👩‍👧',
    'é',
  ],
  ...['=1+1', '-x', '--json', "'$(cmd)'", '`cmd`', '|', '%00', 'a'.repeat(300), ' ', ''],
)
const hostileName = fc.array(piece, {minLength: 1, maxLength: 4}).map((pieces) => pieces.join(''))

for (const [name, {renderWith}] of Object.entries(RENDERINGS)) {
  test(`${name} renders hostile names without control characters, at every width`, () => {
    fc.assert(
      fc.property(
        fc.array(hostileName, {minLength: 1, maxLength: 5}),
        fc.constantFrom(20, 40, 80, 200, Infinity),
        fc.boolean(),
        (names, width, isWide) => {
          let used = 0
          const next = (): string => names[used++ % names.length] ?? ''
          const render = (): string => renderWith((report) => printableReport(withNames(report, next)))
          const text = layOut({width, isWide, remedy: '--output wide'}, render)
          const shown = safeText(text, false)

          assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
          if (!isWide && width >= 80) assert.deepEqual(tooLong(shown, width), [])
        },
      ),
      {numRuns: 30},
    )
  })
}

/** Lines that do not fit. A command to paste is never cut: its lines end with a backslash, except the last. */
function tooLong(text: string, width: number): string[] {
  const lines = text.split('\n')
  const isCommand = (at: number): boolean =>
    lines[at]?.trim().startsWith('keyshift ') === true || [at - 1, at].some((row) => lines[row]?.endsWith(' \\'))
  return lines.filter((line, at) => visibleWidth(line) > width && !isCommand(at))
}
