import assert from 'node:assert/strict'
import {appendFile, mkdtemp, readFile, rm, truncate, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import fc from 'fast-check'

import {AuditLog, verifyAuditLog} from '../../../../src/clients/files/audit-log.js'

async function newLog(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-audit-'))
  t.after(() => rm(folder, {recursive: true}))
  return join(folder, 'audit.ndjson')
}

async function write(path: string, ...names: string[]): Promise<void> {
  const log = await AuditLog.open(path)
  for (const name of names) await log.append({event: 'decision', name})
  await log.close()
}

/** The names in the lines that count, in their order. */
async function namesIn(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').flatMap((text) => {
    try {
      return [JSON.parse(text) as {facts: {name?: string}}]
    } catch {
      return []
    }
  })
  return [...new Set(lines.flatMap(({facts}) => facts.name ?? []))]
}

for (const writers of [2, 8]) {
  test(`${String(writers)} writers at once: every decision is recorded once, and the log is intact`, async (t) => {
    const path = await newLog(t)
    const names = Array.from({length: writers}, (_, writer) =>
      Array.from({length: 20}, (_, at) => `${String(writer)}-${String(at)}`),
    )
    await Promise.all(names.map((own) => write(path, ...own)))
    const report = await verifyAuditLog(path)
    assert.equal(report.lines, writers * 20)
    assert.deepEqual((await namesIn(path)).toSorted(), names.flat().toSorted())
    t.diagnostic(`${String(report.overtakenLines)} lines were written again`)
  })
}

test('a line that was cut off is reported as such, and the next writer records it', async (t) => {
  const path = await newLog(t)
  await write(path, 'a', 'b')
  const whole = (await readFile(path)).length
  await truncate(path, whole - 20)
  await assert.rejects(verifyAuditLog(path), {code: 'E_AUDIT_CUT_OFF', message: /line, 2, was cut off/})
  await Promise.all([write(path, 'c'), write(path, 'd')])
  const {lines} = await verifyAuditLog(path)
  assert.ok(lines >= 4, String(lines)) // a, c, d, and the record of the cut-off line by one or both writers
  assert.deepEqual((await namesIn(path)).toSorted(), ['a', 'c', 'd'])
})

test('a line that is not valid JSON is a change of the log, unless the next line records it', async (t) => {
  const path = await newLog(t)
  await write(path, 'a')
  await appendFile(path, 'not json\n')
  await assert.rejects(verifyAuditLog(path), {code: 'E_AUDIT_CUT_OFF', message: /line, 2, was cut off/})
  await write(path, 'b')
  assert.equal((await verifyAuditLog(path)).lines, 3)
  const [a = '', , record = '', b = ''] = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, [a, 'other text', record, b, ''].join('\n'))
  await assert.rejects(verifyAuditLog(path), {code: 'E_AUDIT_BROKEN', message: /line 2 does not continue/})
  await assert.rejects(AuditLog.open(path), {code: 'E_AUDIT_BROKEN'})
})

test('a last line that lacks only its line end counts', async (t) => {
  const path = await newLog(t)
  await write(path, 'a', 'b')
  await truncate(path, (await readFile(path)).length - 1)
  assert.equal((await verifyAuditLog(path)).lines, 2)
  await write(path, 'c')
  assert.deepEqual([(await verifyAuditLog(path)).lines, await namesIn(path)], [3, ['a', 'b', 'c']])
})

test('any changed character, removed line or swapped line of an intact log is detected', async (t) => {
  const path = await newLog(t)
  await write(path, ...Array.from({length: 12}, (_, at) => `name-${String(at)}`))
  const text = await readFile(path, 'utf8')
  const lines = text.trimEnd().split('\n')
  const altered = fc.oneof(
    fc
      .record({at: fc.nat(text.length - 2), by: fc.constantFrom('x', '0', '{')})
      .map(({at, by}) => (text[at] === by || text[at] === '\n' ? null : text.slice(0, at) + by + text.slice(at + 1))),
    fc.nat(lines.length - 2).map((at) => `${lines.toSpliced(at, 1).join('\n')}\n`),
    fc.nat(lines.length - 2).map((at) => {
      const [one = '', other = ''] = lines.slice(at, at + 2)
      return `${lines.toSpliced(at, 2, other, one).join('\n')}\n`
    }),
  )
  await fc.assert(
    fc.asyncProperty(altered, async (changed) => {
      fc.pre(changed !== null)
      await writeFile(path, changed)
      await assert.rejects(verifyAuditLog(path), {code: /^E_AUDIT_(?:BROKEN|CUT_OFF)$/})
    }),
    {numRuns: 200},
  )
})
