import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {shortenMiddle} from '../../../../src/cli/output/shorten.js'
import {visibleWidth} from '../../../../src/cli/output/wrap-lines.js'

test('a name keeps its beginning and its end', () => {
  assert.equal(shortenMiddle('orders-worker-7d9f8b6c5-0', 12), 'orders…6c5-0')
  assert.equal(shortenMiddle('orders', 6), 'orders')
  assert.equal(shortenMiddle('orders', 5), 'or…rs')
})

test('a character of several code points is never cut, and wide characters count twice', () => {
  assert.equal(shortenMiddle('a👩‍👩‍👧b👩‍👩‍👧c', 6), 'a👩‍👩‍👧b…c')
  assert.equal(shortenMiddle('漢字漢字', 5), '漢…字')
})

test('the shortened name fits every width from 1 on, and starts and ends like the name', () => {
  fc.assert(
    fc.property(fc.string({unit: 'grapheme', maxLength: 40}), fc.integer({min: 1, max: 30}), (text, width) => {
      const shown = shortenMiddle(text, width)
      if (visibleWidth(text) <= width) {
        assert.equal(shown, text)
        return
      }
      assert.ok(visibleWidth(shown) <= width, `${shown} is wider than ${String(width)}`)
      const at = shown.indexOf('…')
      assert.ok(text.startsWith(shown.slice(0, at)))
      assert.ok(text.endsWith(shown.slice(shown.lastIndexOf('…') + 1)))
    }),
    {numRuns: 500},
  )
})

test('width 0 ends with the ellipsis alone', () => {
  assert.equal(shortenMiddle('orders', 0), '…')
})
