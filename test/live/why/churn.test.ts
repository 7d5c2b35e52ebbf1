import assert from 'node:assert/strict'
import {randomInt} from 'node:crypto'
import {test} from 'node:test'

import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {collectWhy} from '../../../src/domain/why/collect-why.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import {Churn, type Receipt} from '../../support/fleets/churn.js'
import {askCli} from '../../support/shells/cli.js'
import {closeFirst, live, type Place} from '../../support/servers/live.js'
import {mulberry32} from '../../support/fleets/seed.js'

/** A thousand keys in the whole run. */
const ASKED = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 1000 : 200
const AT_ONCE = 4
/** As many again as commands of their own: a second each, so few. */
const COMMANDS = 20
const COMMANDS_AT_ONCE = 2
/** And some before anybody comes or goes. */
const QUIET = 20
const KEYS = 4000
const SUB = 'decision'
/** What `why` itself takes for granted. */
const QUESTION = {hashingScheme: null, max: 500, windowMs: 300, stuckAfterMs: 30_000, lock: null}

/** Of all answers, so many at most may be wrong, marked or not. */
const MOST_WRONG = 0.005
/** By chance one change in some hundred comes just then: of a few answers a few may be. */
const SOME_WRONG = 3
/**
 * An answer takes some 0.4 s, and somebody comes or goes each 1.3 s: that marks some 30 of a hundred. A mark on half of
 * them would tell nothing. Where the machine is busy and answers take longer, so do the pauses.
 */
const MOST_MARKED = 0.5
const USUAL_MS = 400
const PAUSE = {least: 1.5, most: 4.5}

/** What was said of a key, and who got its next message; times are epoch ms. */
interface Answer {
  readonly explanation: Explanation
  readonly askedMs: number
  readonly answeredMs: number
  readonly receipt: Receipt
}

/**
 * Each answer is at once put to the proof: a message of the key is published in the moment that the answer is there, and
 * whoever receives it first should be who was named. What counts is:
 *
 * - right: that consumer was named, marked or not;
 * - told: another was named, and the answer says that consumers come and go;
 * - overtaken: another was named, without a mark, and somebody came or went after the owner had been read (`asOf`) and
 *   before the message was received: no answer can know that. It is wrong all the same, and counts against the target;
 * - untold: another was named, without a mark, and all that had changed had done so before. None may be.
 */
test(
  `the owner that why names gets the key's next message, ${String(ASKED)} keys under load while consumers come and go`,
  live(async (t, place) => {
    const random = seededRandom()
    const {churn, keys} = await startChurn(place, random)
    closeFirst(t, () => churn.stop())
    const topic = churn.topic.full
    const ask = (key: string): Promise<Explanation> => askWhy(place.admin, topic, key)
    const quiet = await answersOf(churn, keys.slice(ASKED, ASKED + QUIET), AT_ONCE, ask)
    assert.deepEqual([countsOf(quiet, churn).right, countsOf(quiet, churn).marked], [QUIET, 0])

    const answers: Answer[] = []
    churn.comeAndGo(() => (PAUSE.least + random() * (PAUSE.most - PAUSE.least)) * usualMs(answers))
    await answersOf(churn, keys.slice(0, ASKED), AT_ONCE, ask, answers)
    const commands = await answersOf(churn, keys.slice(-COMMANDS), COMMANDS_AT_ONCE, (key) =>
      askCli<Explanation>(['why', topic, SUB, key]),
    )
    const counts = countsOf(answers, churn)
    t.diagnostic(`${textOf(counts, answers)}; ${String(churn.changes.length)} consumers came or went`)
    t.diagnostic(`as whole commands: ${textOf(countsOf(commands, churn), commands)}`)

    assert.deepEqual(untoldOf([...answers, ...commands], churn), [])
    const wrong = ASKED - counts.right
    assert.ok(wrong <= Math.max(SOME_WRONG, ASKED * MOST_WRONG), `${String(wrong)} are wrong`)
    assert.ok(counts.marked < ASKED * MOST_MARKED, `${String(counts.marked)} are marked`)
    assert.deepEqual(
      answers.filter((answer) => isMarkedInVain(answer, churn)).map(({explanation}) => explanation),
      [],
    )
    // Many changes, and many consumers named: else it was no test of anything.
    assert.ok(churn.changes.length > ASKED / 20)
    assert.ok(new Set(answers.map(({explanation}) => explanation.consumer?.name)).size > 8)
  }),
)

function seededRandom(): () => number {
  const seed = Number(process.env['KEYSHIFT_TEST_SEED'] ?? randomInt(1_000_000))
  process.stderr.write(`chosen with KEYSHIFT_TEST_SEED=${String(seed)}\n`)
  return mulberry32(seed)
}

async function startChurn(place: Place, random: () => number): Promise<{churn: Churn; keys: readonly string[]}> {
  const topic = place.topic('orders')
  await place.admin.createPartitionedTopic(topic, 4)
  const keys = [...new Set(Array.from({length: KEYS}, () => `user-${String(Math.floor(random() * 1e9))}`))]
  const churn = await Churn.start({
    ...{place, topic, keys, random, ratePerSecond: 200},
    consumers: {least: 6, most: 8},
  })
  return {churn, keys}
}

/** The same that the command does, without a process of its own for each. */
function askWhy(admin: PulsarAdmin, topic: string, key: string): Promise<Explanation> {
  return collectWhy(admin, {...QUESTION, topic, subscription: SUB, key, signal: new AbortController().signal})
}

/** How long the newest answers took on average, in ms; never less than is usual. */
function usualMs(answers: readonly Answer[]): number {
  const newest = answers.slice(-10).map(({answeredMs, askedMs}) => answeredMs - askedMs)
  return Math.max(USUAL_MS, newest.reduce((sum, ms) => sum + ms, 0) / newest.length || 0)
}

/** @param into where the answers are put as they come. */
async function answersOf(
  churn: Churn,
  keys: readonly string[],
  atOnce: number,
  ask: (key: string) => Promise<Explanation>,
  into: Answer[] = [],
): Promise<Answer[]> {
  const limit = pLimit(atOnce)
  await Promise.all(
    keys.map((key) =>
      limit(async () => {
        const askedMs = Date.now()
        const explanation = await ask(key)
        const answeredMs = Date.now()
        into.push({explanation, askedMs, answeredMs, receipt: await churn.probe(key)})
      }),
    ),
  )
  return into
}

interface Counts {
  readonly right: number
  readonly told: number
  readonly overtaken: number
  readonly untold: number
  readonly marked: number
}

function countsOf(answers: readonly Answer[], churn: Churn): Counts {
  const kinds = answers.map((answer) => kindOf(answer, churn))
  const count = (kind: string): number => kinds.filter((one) => one === kind).length
  return {
    ...{right: count('right'), told: count('told'), overtaken: count('overtaken'), untold: count('untold')},
    marked: answers.filter(({explanation}) => explanation.changing).length,
  }
}

function kindOf({explanation, receipt}: Answer, churn: Churn): Exclude<keyof Counts, 'marked'> {
  if (explanation.consumer?.name === receipt.consumer) return 'right'
  if (explanation.changing) return 'told'
  return churn.changesWithin(Date.parse(explanation.asOf), receipt.atMs).length > 0 ? 'overtaken' : 'untold'
}

/** What was wrong, with all that one needs to see why. */
function untoldOf(answers: readonly Answer[], churn: Churn): object[] {
  return answers
    .filter((answer) => kindOf(answer, churn) === 'untold')
    .map((answer) => ({...answer, changes: churn.changesWithin(answer.askedMs - 2000, answer.receipt.atMs)}))
}

/** It says that consumers come or go, and none did while it was made. */
function isMarkedInVain({answeredMs, askedMs, explanation}: Answer, churn: Churn): boolean {
  return explanation.changing && churn.changesWithin(askedMs, answeredMs).length === 0
}

function textOf({marked, overtaken, right, told, untold}: Counts, answers: readonly Answer[]): string {
  const share = ((right / answers.length) * 100).toFixed(2)
  const times = answers.map(({answeredMs, askedMs}) => answeredMs - askedMs).toSorted((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)] ?? 0
  return (
    `of ${String(answers.length)} answers ${String(right)} right (${share} %), ${String(told)} wrong and marked, ` +
    `${String(overtaken)} overtaken, ${String(untold)} untold; ${String(marked)} marked in all; median ${String(median)} ms`
  )
}
