import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {layOut} from '../../../../src/cli/output/page.js'
import {visibleWidth} from '../../../../src/cli/output/wrap-lines.js'
import {type Column, renderPairs, renderTable} from '../../../../src/cli/render/table.js'

interface Row {
  readonly name: string
  readonly count: number | null
  readonly note: string
}

const COLUMNS: ReadonlyArray<Column<Row>> = [
  {head: 'name', cell: ({name}) => name},
  {head: 'count', cell: ({count}) => count, priority: 2},
  {head: 'errors', cell: () => 0, isRare: true},
  {head: 'twice', cell: ({count}) => count && count * 2, priority: 3},
  {head: 'full', cell: ({name}) => `${name}/full`, isWide: true},
  {head: 'note', cell: ({note}) => note, fit: 'wrap', priority: 2},
]
const ROWS: readonly Row[] = [
  {name: 'orders', count: 120, note: 'runs slowly'},
  {name: 'payments-of-every-customer-in-europe', count: null, note: 'no consumer is connected'},
]

function table(width: number, isWide = false, columns = COLUMNS): string {
  return layOut({width, isWide, remedy: '--output wide'}, () => renderTable(columns, ROWS))
}

test('without a width nothing is left out, except columns without content and those of --output wide', () => {
  assert.equal(
    table(Infinity),
    [
      'NAME                                  COUNT  TWICE  NOTE',
      'orders                                  120    240  runs slowly',
      'payments-of-every-customer-in-europe      -      -  no consumer is connected',
    ].join('\n'),
  )
})

test('the least important columns are left out first, and of equal ones the last', () => {
  assert.match(table(55), /^NAME +COUNT +NOTE\n[^]*Columns left out: TWICE\. Use --output wide to show all\./)
  assert.match(table(44), /^NAME +COUNT\n[^]*Columns left out: TWICE, NOTE\./)
  assert.match(table(30), /^NAME\n[^]*Columns left out: COUNT,\s+TWICE, NOTE\./)
})

test('names are shortened in the middle before the table becomes a list, and the note reports it', () => {
  const only = COLUMNS.slice(0, 1)
  assert.equal(
    table(20, false, only),
    [
      'NAME',
      'orders',
      'payments-o…in-europe',
      '',
      'Names are shortened.',
      '  Use --output wide',
      '  to show all.',
    ].join('\n'),
  )
})

test('rows that do not fit as a table are cards with the most important columns', () => {
  const columns: ReadonlyArray<Column<Row>> = [
    {head: 'name of the topic', cell: ({name}) => name},
    {head: 'entries in the backlog', cell: ({count}) => count},
    {head: 'note', cell: ({note}) => note, priority: 2},
  ]
  assert.match(table(24, false, columns), /NAME OF THE TOPIC\n {2}orders\nENTRIES IN THE BACKLOG\n {2}120\n\n/)
  assert.match(table(24, false, columns), /Columns left\s+out: NOTE/)
})

test('--output wide shows every column and every name in full at any width', () => {
  const text = table(20, true)
  for (const head of ['NAME', 'COUNT', 'TWICE', 'FULL', 'NOTE']) assert.match(text, new RegExp(`\\b${head}\\b`))
  assert.match(text, /payments-of-every-customer-in-europe\/full/)
  assert.doesNotMatch(text, /left out|shortened|…/)
})

test('the column of a text that wraps is as wide as its longest word', () => {
  const columns: ReadonlyArray<Column<Row>> = [
    {head: 'name', cell: ({name}) => name},
    {head: 'note', cell: () => 'see managedLedgerCursor in short', fit: 'wrap', priority: 2},
  ]
  assert.match(table(54, false, columns), /managedLedgerCursor/)
})

test('a table of many rows has one head', () => {
  const rows = Array.from({length: 250}, (_, at) => at)
  const text = renderTable([{head: 'row', cell: (at: number) => at}], rows)
  assert.deepEqual(text.split('\n').map((line) => line.trim()), ['ROW', ...rows.map(String)]) // prettier-ignore
})

test('at every width no line is longer, and every row keeps its first column', () => {
  const name = fc.string({unit: fc.constantFrom('a', '-', '漢', 'é'), minLength: 1, maxLength: 50})
  fc.assert(
    fc.property(
      fc.array(fc.record({name, count: fc.option(fc.nat()), note: fc.lorem({maxCount: 8})}), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.integer({min: 20, max: 200}),
      (rows, width) => {
        const text = layOut({width, isWide: false, remedy: '--output wide'}, () => renderTable(COLUMNS, rows))
        const lines = text.split('\n')
        assert.deepEqual(
          lines.filter((line) => visibleWidth(line) > width),
          [],
        )
        assert.ok(lines.length > rows.length)
      },
    ),
    {numRuns: 300},
  )
})

test('pairs and tables end at width 0 and 1', () => {
  for (const width of [0, 1, 2, 3]) {
    assert.match(table(width).replaceAll(/\s/g, ''), /orders/)
    const pairs = layOut({width, isWide: false, remedy: ''}, () => renderPairs([['topic', 'orders']]))
    assert.equal(pairs.replaceAll(/\s/g, ''), ['topic', 'orders'].join(''))
  }
})

test('a number in a pair has a comma before every third digit, and one in a column has none', () => {
  assert.equal(
    renderPairs([
      ['messages', 12_345],
      ['rate', 1.25],
      ['unknown', null],
    ]),
    'messages  12,345\nrate      1.3\nunknown   -',
  )
  assert.equal(renderTable([{head: 'n', cell: (n: number) => n}], [12_345]), '    N\n12345')
})
