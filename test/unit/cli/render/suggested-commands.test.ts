import assert from 'node:assert/strict'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {ConnectionRepeater, connectionWords} from '../../../../src/cli/output/repeat-connection.js'
import {renderContexts} from '../../../../src/cli/render/contexts.js'
import {renderDiagnosis} from '../../../../src/cli/render/doctor/doctor.js'
import {renderReleasePlan} from '../../../../src/cli/render/locks/lock-release.js'
import {renderLocks} from '../../../../src/cli/render/locks/locks.js'
import {renderMigrations, renderRequest, renderResult} from '../../../../src/cli/render/migration/migration.js'
import {renderSubscription} from '../../../../src/cli/render/subscriptions/subscription.js'
import {renderWhy} from '../../../../src/cli/render/why.js'
import * as doctorReports from '../../../support/reports/doctor-reports.js'
import * as lockReports from '../../../support/reports/lock-reports.js'
import * as reports from '../../../support/reports/reports.js'
import {subscription} from '../../../support/reports/subscription-report.js'
import {ROOT} from '../../../support/root.js'
import {HOSTILE_NAME, type PasteShell, pasteShell, suggestedIn} from '../../../support/shells/pasted.js'

interface Manifest {
  commands: Record<
    string,
    {
      args: Record<string, unknown>
      strict: boolean
      flags: Record<string, {type: 'boolean' | 'option'; char?: string}>
    }
  >
}

const {commands} = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8')) as Manifest
const repeater = new ConnectionRepeater(
  new Map(Object.entries(commands).map(([id, {flags}]) => [id, new Set(Object.keys(flags))])),
  connectionWords({context: HOSTILE_NAME}, (name) => name === 'context'),
)

/** The same report with a hostile name in place of these names. */
function hostile<T>(report: T, ...names: readonly string[]): T {
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') return names.includes(value) ? HOSTILE_NAME : value
    if (Array.isArray(value)) return value.map(replace)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, replace(field)]))
  }
  return replace(report) as T
}

const [migration] = reports.migrations.migrations
const states = ['postponed', 'running', 'rolled-back'] as const
const explanation: Parameters<typeof renderWhy>[0] = {
  topic: 'persistent://public/default/orders',
  subscription: HOSTILE_NAME,
  key: HOSTILE_NAME,
  partition: null,
  slot: null,
  consumer: null,
  asOf: '2026-01-02T03:04:05.000Z',
  changing: false,
  chain: [],
  verdict: {code: 'idle', says: 'no message', confidence: 'low', next: 'keyshift locks scan'},
} as never

/** Every renderer whose text contains suggested commands, with the number of different commands in it. */
const TEXTS: ReadonlyArray<readonly [name: string, least: number, text: string]> = [
  ['doctor', 1, renderDiagnosis(doctorReports.diagnosis, Date.now())],
  [
    'doctor without subscriptions',
    1,
    renderDiagnosis({...doctorReports.diagnosis, subscriptions: 0, findings: []}, Date.now()),
  ],
  ['locks scan', 2, renderLocks(hostile(lockReports.locks, 'lock:a', 'lock:*'))],
  [
    'locks scan before a second sample',
    3,
    renderLocks({...hostile(lockReports.locks, 'lock:a', 'lock:*'), observedMs: null}),
  ],
  ['locks scan with messages', 3, renderLocks(hostile(lockReports.locksOfMessages, 'lock:a', 'a', 'decision'))],
  [
    'locks release',
    1,
    renderReleasePlan(
      {
        address: 'a',
        expiresAt: '',
        releases: [
          {action: 'keep', lock: lockReports.locks.locks[0], reason: ''},
          {
            ...{action: 'delete', lock: lockReports.locks.locks[0], reason: null, holder: null},
            ...{graceMs: null, alsoDelete: [], waitQueue: null, notify: null},
          },
        ],
      } as never,
      [],
      HOSTILE_NAME,
    ),
  ],
  ['migrate apply', 2, renderResult(hostile(reports.result, reports.result.id))],
  ['migrate request', 1, renderRequest({id: HOSTILE_NAME, isAccepted: true, reason: null, verb: 'cutover'} as never)],
  [
    'migrate list',
    states.length,
    renderMigrations({
      ...reports.migrations,
      migrations: states.map(
        (state) => ({...hostile(migration, migration?.id ?? ''), state, hasRestrictions: true}) as never,
      ),
    }),
  ],
  ['subscriptions inspect', 1, renderSubscription(hostile(subscription, 'decision'))],
  ['why', 1, renderWhy(explanation)],
  ['context list', 1, renderContexts([], '/nowhere')],
]

for (const [name, least, text] of TEXTS) {
  test(`${name}: pasted commands run keyshift with the connection flags and nothing else`, async (t) => {
    const shell = await pasteShell(t)
    const suggested = suggestedIn(repeater.text(text)).filter((command) => idOf(command.split(' ').slice(1)) !== null)
    assert.ok(suggested.length >= least, text)
    for (const command of suggested) await requireRunnable(shell, command)
  })
}

function idOf(words: readonly string[]): string | null {
  const ids = [3, 2, 1].map((count) => words.slice(0, count).join(':'))
  return ids.find((id) => id in commands) ?? null
}

/** Requires that the command accepts all of its words: a word of prose after it would be an unexpected argument. */
async function requireRunnable({paste}: PasteShell, text: string): Promise<void> {
  const words = await paste(text)
  const id = idOf(words)
  assert.ok(id !== null, text)
  const {args, flags, strict} = commands[id] ?? assert.fail(id)
  const operands: string[] = []
  const rest = words.slice(id.split(':').length)
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const flag = Object.entries(flags).find(([name, {char}]) => word === `--${name}` || word === `-${char ?? ''}`)?.[1]
    if (!flag) operands.push(word)
    else if (flag.type === 'option') assert.ok(rest.shift() !== undefined, `${text}: ${word} has no value`)
  }
  const isVariadic = !strict || Object.values(args).some((arg) => (arg as {multiple?: boolean}).multiple === true)
  assert.ok(isVariadic || operands.length <= Object.keys(args).length, `${text}: too many arguments`)
  assert.ok(
    operands.every((word) => word === HOSTILE_NAME || !word.startsWith('-')),
    `${text}: unknown flag`,
  )
  if ('context' in flags) assert.equal(words[words.indexOf('--context') + 1], HOSTILE_NAME, text)
}
