import assert from 'node:assert/strict'
import {test} from 'node:test'

import {BUILTIN_FAMILIES} from '../../../../src/domain/locks/families/builtin.js'
import {lengthsOf, requiredParts} from '../../../../src/domain/locks/families/expression-parts.js'
import {LOCK_SHAPES} from '../../../support/reports/lock-shapes.js'

test('the required parts of an expression are texts outside of its groups, classes and optional characters', () => {
  for (const [expression, parts] of [
    ['lock:(?<name>.+)', ['lock:']],
    ['(?<name>.+):lock', [':lock']],
    ['(?:.*/)?lockfiles/[0-9a-f]{32}', ['lockfiles/']],
    ['lock\\.(?<name>.+)', ['lock.']],
    ['asynq:\\{(?<queue>[^}]+)\\}:unique:(?<task>.+)', ['asynq:{', '}:unique:']],
    ['locks?:a*b+c', ['lock', ':', 'c']],
    ['[(|]x(a|b)', ['x']],
    ['a|b', []],
    ['.*', []],
  ] as const) {
    assert.deepEqual(requiredParts(expression), parts, expression)
  }
})

test('the lengths of an expression are those of the shortest and the longest text that it matches', () => {
  for (const [expression, least, most] of [
    ['[0-9a-f]{32}', 32, 32],
    ['(?<random>[A-Za-z0-9+/]{21}[AQgw])==', 24, 24],
    ['(?=[^A-Z]*[A-Z])(?!x{9})[\\w-]{22}(?<consumer>.+)', 23, Infinity],
    ['(?<free>0)|(?<holders>[1-9]\\d{0,2})', 1, 3],
    ['[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 36, 36],
    ['a?b*(?:c|dd)+', 1, Infinity],
    ['\\d{10}(?:\\.\\d+)?', 10, Infinity],
    ['a{2,}?', 2, Infinity],
    ['(a)\\1', 1, Infinity],
    ['', 0, 0],
  ] as const) {
    assert.deepEqual(lengthsOf(expression), {least, most}, expression)
  }
})

test('the parts and lengths exclude no lock of a family', () => {
  for (const {family, key, stored, token} of LOCK_SHAPES) {
    const {forms = []} = BUILTIN_FAMILIES.find(({name}) => name === family) ?? {}
    const text = 'string' in stored ? stored.string.replace(/^"(.*)"$/, '$1') : token
    const fits = forms.some((form) => {
      const {least, most} = lengthsOf(form.token)
      return (
        requiredParts(form.key ?? '').every((part) => key.includes(part)) && text.length >= least && text.length <= most
      )
    })
    assert.ok(fits, `${family} ${key}`)
  }
})
