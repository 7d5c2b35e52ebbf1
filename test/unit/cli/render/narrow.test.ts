import assert from 'node:assert/strict'
import {test} from 'node:test'

import {layOut} from '../../../../src/cli/output/page.js'
import {widthOf} from '../../../../src/cli/output/view.js'
import {visibleWidth} from '../../../../src/cli/output/wrap-lines.js'
import {RENDERINGS} from '../../../support/reports/rendered.js'

/** What a terminal may report, with the width that its lines get. */
const TERMINALS = [
  {name: 'of unknown width', stream: {isTTY: true}, width: 80},
  {name: 'of 0 columns', stream: {isTTY: true, columns: 0}, width: 80},
  {name: 'of 1 column', stream: {isTTY: true, columns: 1}, width: 20},
]

for (const [name, {render}] of Object.entries(RENDERINGS)) {
  for (const {name: terminal, stream, width} of TERMINALS) {
    test(`${name} renders on a terminal ${terminal}`, () => {
      const text = layOut({width: widthOf(stream, {}), isWide: false, remedy: '--output wide'}, render)
      assert.notEqual(text.trim(), '')
      const isPart = (line: string): boolean => line.endsWith(' \\') || /^ *keyshift /.test(line)
      assert.deepEqual(
        text.split('\n').filter((line, at, all) => {
          const isCommand = isPart(line) || isPart(all[at - 1] ?? '')
          return visibleWidth(line) > width && !isCommand
        }),
        [],
      )
    })
  }

  test(`${name} ends at widths that no terminal gets`, () => {
    const shown = layOut({width: Infinity, isWide: false, remedy: ''}, render)
    for (const width of [0, 1, 2, 3]) {
      for (const isWide of [false, true]) {
        const text = layOut({width, isWide, remedy: '--output wide'}, render)
        assert.ok(text.replaceAll(/\s/g, '').length >= Math.min(10, shown.length))
      }
    }
  })
}
