import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {HOOK_NAMES} from '../../../../src/domain/migration/hook-names.js'
import {ROOT} from '../../../support/root.js'

const FOLDER = join(ROOT, 'docs', 'hooks')
const PLATFORMS = ['kubernetes', 'systemd']

for (const platform of PLATFORMS) {
  for (const name of readdirSync(join(FOLDER, platform))) {
    test(`the example ${platform}/${name} is a known, executable and valid hook that uses existing variables`, () => {
      const file = join(FOLDER, platform, name)
      assert.ok(HOOK_NAMES.some((known) => known === name))
      assert.equal(statSync(file).mode & 0o111, 0o111)
      assert.equal(spawnSync('sh', ['-n', file]).status, 0)
      const page = readFileSync(join(FOLDER, 'README.md'), 'utf8')
      for (const [variable] of readFileSync(file, 'utf8').matchAll(/KEYSHIFT_[A-Z_]+/g))
        assert.ok(page.includes(variable))
    })
  }
}

test('the page lists exactly the existing hooks', () => {
  const listed = [...readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| `([a-z-]+)`/gm)].map(
    ([, name]) => name,
  )
  assert.deepEqual(listed.toSorted(), HOOK_NAMES.toSorted())
})
