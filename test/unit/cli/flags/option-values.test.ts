import assert from 'node:assert/strict'
import {test} from 'node:test'

import {withExactOptions} from '../../../../src/cli/flags/option-values.js'

const FLAGS = {
  to: {char: 't', options: ['Shared', 'Key_Shared'], type: 'option'},
  type: {multiple: true, options: ['Shared', 'Failover'], type: 'option'},
  reason: {type: 'option'},
  json: {type: 'boolean'},
} as const

function exact(line: string): string {
  return withExactOptions(line.split(' '), FLAGS).join(' ')
}

test('values of option flags are read in any case, with - or _, in every form of a flag', () => {
  assert.equal(exact('--to key_shared'), '--to Key_Shared')
  assert.equal(exact('--to=KEY-SHARED'), '--to=Key_Shared')
  assert.equal(exact('-t keyshared'), '-t Key_Shared')
  assert.equal(exact('--type shared FAILOVER --json'), '--type Shared Failover --json')
})

test('arguments, other flags and wrong values are unchanged', () => {
  for (const line of ['shared --json key_shared', '--reason shared', '--to exclusive', '-x shared', '-- --to shared'])
    assert.equal(exact(line), line)
})
