import assert from 'node:assert/strict'
import {describe, test} from 'node:test'

import {Chalk} from 'chalk'

import {terminalSvg} from '../../../demo/terminal-svg.js'

const colored = new Chalk({level: 1})

/** The texts of an image with their attributes, in order. */
function textsOf(svg: string): Array<{text: string; attributes: string}> {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text = '']) => ({
    text,
    attributes,
  }))
}

describe('terminal image', () => {
  test('text keeps its column, its color and its weight', () => {
    const [plain, red, bold] = textsOf(terminalSvg(`ab${colored.red('cd')}${colored.bold('ef')}`, 80))
    assert.deepEqual(plain, {text: 'ab', attributes: 'x="20" y="34.25" textLength="16.8"'})
    assert.deepEqual(red, {text: 'cd', attributes: 'x="36.8" y="34.25" textLength="16.8" fill="#ff7b72"'})
    assert.deepEqual(bold, {text: 'ef', attributes: 'x="53.6" y="34.25" textLength="16.8" font-weight="bold"'})
  })

  test('a background is drawn below its text', () => {
    const svg = terminalSvg(colored.bgGreen.black('A'), 80)
    assert.match(svg, /<rect x="20" y="20" width="8.4" height="19" fill="#7ee787"\/><text [^>]*fill="#161b22">A</)
  })

  test('a line wraps where a terminal of that width wraps it, counting wide characters twice', () => {
    const texts = textsOf(terminalSvg(`abcd\n日本語`, 3)).map(({text}) => text)
    assert.deepEqual(texts, ['abc', 'd', '日', '本', '語'])
    assert.deepEqual(
      textsOf(terminalSvg('abcdef', 3)).map(({attributes}) => attributes.slice(0, 15)),
      ['x="20" y="34.25', 'x="20" y="53.25'],
    )
  })

  test('a style lasts until it is reset, also across lines', () => {
    const texts = textsOf(terminalSvg('\u001B[2ma\nb\u001B[22mc\u001B[31md\u001B[0me', 80))
    assert.deepEqual(
      texts.map(({attributes}) => [attributes.includes('opacity'), attributes.includes('fill')]),
      [
        [true, false],
        [true, false],
        [false, false],
        [false, true],
        [false, false],
      ],
    )
  })

  test('markup in the output is shown and not interpreted', () => {
    assert.equal(textsOf(terminalSvg('<a> & b', 80))[0]?.text, '&lt;a&gt; &amp; b')
  })

  test('a sequence that is not a supported style is an error, so that no image is silently wrong', () => {
    assert.throws(() => terminalSvg('\u001B[2K', 80), /not an SGR sequence/)
    assert.throws(() => terminalSvg('\u001B[38;5;9mx', 80), /SGR code \d+ is not supported/)
  })

  test('text without styles has none in the image', () => {
    const texts = textsOf(terminalSvg('a', 80))
    assert.equal(texts.length, 1)
    assert.doesNotMatch(texts[0]?.attributes ?? '', /fill|opacity|font-weight/)
  })
})
