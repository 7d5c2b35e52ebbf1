import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {asKeyshiftError, renderError} from '../../../../src/cli/errors.js'
import {renderBacklog} from '../../../../src/cli/render/backlog/backlog.js'
import {renderDiagnosis} from '../../../../src/cli/render/doctor.js'
import {renderLocks} from '../../../../src/cli/render/locks/locks.js'
import {renderMigrations, renderPlan, renderResult} from '../../../../src/cli/render/migration/migration.js'
import {renderOwners} from '../../../../src/cli/render/keys/key-owners.js'
import {renderRanges} from '../../../../src/cli/render/keys/key-ranges.js'
import {renderSample} from '../../../../src/cli/render/keys/message-sample.js'
import {renderSimulation} from '../../../../src/cli/render/keys/key-simulation.js'
import {listText} from '../../../../src/cli/render/subscriptions/subscription-list.js'
import {renderSubscription} from '../../../../src/cli/render/subscriptions/subscription.js'
import {Unreachable} from '../../../../src/errors.js'
import {commandIds, runCli} from '../../../support/shells/cli.js'
import * as doctorReports from '../../../support/reports/doctor-reports.js'
import * as keyReports from '../../../support/reports/key-reports.js'
import * as lockReports from '../../../support/reports/lock-reports.js'
import * as reports from '../../../support/reports/reports.js'
import {subscription} from '../../../support/reports/subscription-report.js'
import {ROOT} from '../../../support/root.js'

const FOLDER = join(ROOT, 'test', 'golden')
/** Set by `npm run golden`: writes what is printed now; look at the difference before it is committed. */
const isUpdate = process.env['KEYSHIFT_GOLDEN'] === 'update'

async function requireGolden(name: string, text: string): Promise<void> {
  const file = join(FOLDER, `${name}.txt`)
  const whole = `${text.trimEnd()}\n`
  if (isUpdate) await writeFile(file, whole)
  assert.equal(whole, await readFile(file, 'utf8'))
}

const TEXTS: Readonly<Record<string, string>> = {
  'backlog.show': renderBacklog(reports.backlog),
  doctor: renderDiagnosis(doctorReports.diagnosis),
  'keys.owner': renderOwners(keyReports.owners),
  'keys.ranges': renderRanges(keyReports.ranges, {hasEveryRange: false, width: 80}),
  'keys.ranges.all': renderRanges(keyReports.ranges, {hasEveryRange: true, width: 40}),
  'keys.sample': renderSample(keyReports.sample),
  'keys.simulate': renderSimulation(keyReports.simulation),
  'keys.simulate.failover': renderSimulation(keyReports.failover),
  'locks.scan': renderLocks(lockReports.locks),
  'locks.scan.gaps': renderLocks(lockReports.locksWithGaps),
  'locks.scan.messages': renderLocks(lockReports.locksOfMessages),
  'migrate.plan': renderPlan(reports.plan),
  'migrate.result': renderResult(reports.result),
  'migrate.status': renderMigrations(reports.migrations),
  'subscriptions.inspect': renderSubscription(subscription),
  'subscriptions.list': listText(reports.list, 'table'),
  'subscriptions.list.wide': listText(reports.list, 'wide'),
  'subscriptions.list.csv': listText(reports.list, 'csv'),
  'error.next': renderError(new Unreachable('E_X', 'what, where and how many', {next: ['type this', 'or this']})),
}

for (const [name, text] of Object.entries(TEXTS)) {
  test(`the text of ${name} is as it was`, () => requireGolden(name, text))
}

for (const id of await commandIds()) {
  test(`the help of ${id} is as it was`, async () => {
    const {code, stdout} = await runCli([...id.split(':'), '--help'], {
      COLUMNS: '100',
      OCLIF_COLUMNS: '100',
      NO_COLOR: '1',
    })
    assert.equal(code, 0)
    await requireGolden(`help.${id.replace(':', '.')}`, stdout)
  })
}

test('a bug is told as one, with where it happened', () => {
  const text = renderError(asKeyshiftError(new TypeError('x is not a function'), 'keyshift locks scan'))
  assert.match(text, /did not foresee: x is not a function \(E_BUG\)\nTypeError: x is not a function\n +at /)
})
