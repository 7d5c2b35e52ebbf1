import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import {readdir, readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {test} from 'node:test'

import {ROOT} from '../../support/root.js'

const pages = [
  'README.md',
  'CHANGELOG.md',
  'stack/README.md',
  'test/java/README.md',
  ...(await readdir(join(ROOT, 'docs'), {recursive: true}))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

for (const page of pages) {
  test(`every file that ${page} mentions exists`, async () => {
    const text = await readFile(join(ROOT, page), 'utf8')
    const named = [...text.matchAll(/`((?:src|test|docs|scripts|schemas|stack|bench|demo|bin)\/[\w./-]+)`/g)].map(
      ([, path = '']) => join(ROOT, path),
    )
    const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, path = '']) =>
      join(ROOT, dirname(page), path),
    )
    assert.deepEqual(
      [...named, ...linked].filter((path) => !existsSync(path)),
      [],
    )
  })
}
