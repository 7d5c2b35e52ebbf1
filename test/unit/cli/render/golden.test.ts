import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {asKeyshiftError, renderError} from '../../../../src/cli/errors.js'
import {layOut} from '../../../../src/cli/output/page.js'
import {visibleWidth} from '../../../../src/cli/output/wrap-lines.js'
import {gapsText} from '../../../../src/cli/render/backlog/gaps.js'
import {diagnosisJunit} from '../../../../src/cli/render/doctor/doctor-junit.js'
import {diagnosisMarkdown} from '../../../../src/cli/render/doctor/doctor-markdown.js'
import {listText} from '../../../../src/cli/render/subscriptions/subscription-list.js'
import {Unreachable} from '../../../../src/errors.js'
import {commandIds, runCli} from '../../../support/shells/cli.js'
import {diagnosis} from '../../../support/reports/doctor-reports.js'
import {RENDERINGS} from '../../../support/reports/rendered.js'
import * as reports from '../../../support/reports/reports.js'
import {ROOT} from '../../../support/root.js'

const FOLDER = join(ROOT, 'test', 'golden')
/** Set by `npm run golden`: writes the current output. Read the difference before you commit it. */
const isUpdate = process.env['KEYSHIFT_GOLDEN'] === 'update'

async function requireGolden(name: string, text: string): Promise<void> {
  const file = join(FOLDER, `${name}.txt`)
  const whole = `${text.trimEnd()}\n`
  if (isUpdate) await writeFile(file, whole)
  assert.equal(whole, await readFile(file, 'utf8'))
}

const TEXTS: Readonly<Record<string, string>> = {
  'subscriptions.list.wide': layOut({width: 80, isWide: true, remedy: ''}, () => listText(reports.list, 'wide')),
  'subscriptions.list.csv': listText(reports.list, 'csv'),
  'backlog.gaps.csv': gapsText(reports.gaps, 'csv'),
  'doctor.junit': diagnosisJunit(diagnosis, 'error'),
  'doctor.markdown': diagnosisMarkdown(diagnosis),
  'error.next': renderError(
    new Unreachable(
      'E_BROKER_UNREACHABLE',
      'cannot reach broker at http://pulsar.example:8080: connection refused (GET http://pulsar.example:8080/admin/v2/clusters)',
      {
        next: [
          'curl http://pulsar.example:8080/admin/v2/brokers/health',
          'set the address with --admin-url or KEYSHIFT_ADMIN_URL',
        ],
      },
    ),
  ),
}

for (const [name, text] of Object.entries(TEXTS)) {
  test(`the text of ${name} matches the recording`, () => requireGolden(name, text))
}

const WIDTHS = [80, 200]
/** Narrower than every table with columns that can be left out. */
const NARROW = 24

interface Manifest {
  readonly commands: Readonly<Record<string, {readonly flags: Readonly<Record<string, {options?: readonly string[]}>>}>>
}

const manifest = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8')) as Manifest

function acceptsWide(id: string): boolean {
  return manifest.commands[id]?.flags['output']?.options?.includes('wide') === true
}

for (const [name, {commands, render}] of Object.entries(RENDERINGS)) {
  const remedy = commands.every((id) => acceptsWide(id)) ? '--output wide' : 'a wider terminal'
  for (const width of WIDTHS) {
    test(`the text of ${name} on a terminal of ${String(width)} columns matches the recording, and no line is longer`, () => {
      const text = layOut({width, isWide: false, remedy}, render)
      assert.deepEqual(
        text.split('\n').filter((line) => visibleWidth(line) > width),
        [],
      )
      return requireGolden(`${name}.${String(width)}`, text)
    })
  }
}

for (const [name, {commands, render}] of Object.entries(RENDERINGS)) {
  test(`${name}: a command with a table that leaves out columns accepts --output wide, which shows all of them`, () => {
    const narrow = layOut({width: NARROW, isWide: false, remedy: 'REMEDY'}, render)
    const wide = layOut({width: NARROW, isWide: true, remedy: 'REMEDY'}, render)
    assert.doesNotMatch(wide, /REMEDY/)
    if (!narrow.includes('REMEDY')) return
    assert.deepEqual(
      commands.filter((id) => !acceptsWide(id)),
      [],
    )
  })
}

for (const id of await commandIds()) {
  test(`the help of ${id} matches the recording`, async () => {
    const {code, stdout} = await runCli([...id.split(':'), '--help'], {
      COLUMNS: '100',
      OCLIF_COLUMNS: '100',
      NO_COLOR: '1',
    })
    assert.equal(code, 0)
    await requireGolden(`help.${id.replace(':', '.')}`, stdout)
  })
}

test('an internal error is reported as such, with its stack', () => {
  const text = renderError(asKeyshiftError(new TypeError('x is not a function'), ['locks', 'scan']))
  assert.match(text, /internal error: x is not a function \(E_BUG\)\nTypeError: x is not a function\n +at /)
})
