import assert from 'node:assert/strict'
import {randomInt} from 'node:crypto'
import {test} from 'node:test'

import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {collectWhy} from '../../../src/domain/why/collect-why.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import {Churn, type Receipt} from '../../support/fleets/churn.js'
import {askCli} from '../../support/shells/cli.js'
import {closeFirst, createTopic, live, type Place} from '../../support/servers/live.js'
import {mulberry32} from '../../support/fleets/seed.js'

/** A thousand keys in the full run. */
const ASKED = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 1000 : 200
const AT_ONCE = 4
/** Further keys that are asked for by a command each. A command takes a second, so there are few. */
const COMMANDS = 20
const COMMANDS_AT_ONCE = 2
/** Keys that are asked for before the first consumer joins or leaves. */
const QUIET = 20
const KEYS = 4000
const SUB = 'decision'
/** The defaults of the command `why`. */
const QUESTION = {hashingScheme: null, max: 500, windowMs: 300, stuckAfterMs: 30_000, lock: null}

/** The share of answers that may be wrong, marked or not. */
const MOST_WRONG = 0.005
/** About one change in a hundred falls between the last reading and the message: with few answers this many may be wrong. */
const SOME_WRONG = 3
/**
 * An answer takes about 0.4 s, and a consumer joins or leaves every 1.3 s, which marks about 30 % of the answers. If half of
 * them were marked, the mark would be useless. On a busy machine answers take longer, so the pauses do as well.
 */
const MOST_MARKED = 0.5
const USUAL_MS = 400
const PAUSE = {least: 1.5, most: 4.5}

/** The answer for a key, and the consumer that received its next message; times are epoch ms. */
interface Answer {
  readonly explanation: Explanation
  readonly askedMs: number
  readonly answeredMs: number
  readonly receipt: Receipt
}

/**
 * Each answer is verified at once: a message of the key is published as soon as the answer is there. The consumer that
 * receives it first should be the one that the answer names. The results are counted as:
 *
 * - right: the answer names that consumer, marked as changing or not;
 * - marked wrong: it names another consumer and is marked as changing;
 * - overtaken: it names another consumer without a mark, and a consumer joined or left after the owner had been read
 *   (`asOf`) and before the message was received. No answer can know that, but it is wrong and counts against the target;
 * - unmarked wrong: it names another consumer without a mark, and all changes happened before. The test fails on one of these.
 */
test(
  `the consumer that why names receives the key's next message, for ${String(ASKED)} keys under load with changing consumers`,
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
    t.diagnostic(`${textOf(counts, answers)}; ${String(churn.changes.length)} consumers joined or left`)
    t.diagnostic(`as commands: ${textOf(countsOf(commands, churn), commands)}`)

    assert.deepEqual(unmarkedWrongOf([...answers, ...commands], churn), [])
    const wrong = ASKED - counts.right
    assert.ok(wrong <= Math.max(SOME_WRONG, ASKED * MOST_WRONG), `${String(wrong)} answers are wrong`)
    assert.ok(counts.marked < ASKED * MOST_MARKED, `${String(counts.marked)} answers are marked`)
    assert.deepEqual(
      answers.filter((answer) => isMarkedInVain(answer, churn)).map(({explanation}) => explanation),
      [],
    )
    // Without many changes and many different consumers the test would prove nothing.
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
  const topic = await createTopic(place, {partitions: 4})
  const keys = [...new Set(Array.from({length: KEYS}, () => `user-${String(Math.floor(random() * 1e9))}`))]
  const churn = await Churn.start({
    ...{place, topic, keys, random, ratePerSecond: 200},
    consumers: {least: 6, most: 8},
  })
  return {churn, keys}
}

/** Does what the command does, without a process for each answer. */
function askWhy(admin: PulsarAdmin, topic: string, key: string): Promise<Explanation> {
  return collectWhy(admin, {...QUESTION, topic, subscription: SUB, key, signal: new AbortController().signal})
}

/** How long the newest answers took on average, in ms; at least USUAL_MS. */
function usualMs(answers: readonly Answer[]): number {
  const newest = answers.slice(-10).map(({answeredMs, askedMs}) => answeredMs - askedMs)
  return Math.max(USUAL_MS, newest.reduce((sum, ms) => sum + ms, 0) / newest.length || 0)
}

/** @param into receives each answer as soon as it is verified. */
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
  readonly markedWrong: number
  readonly overtaken: number
  readonly unmarkedWrong: number
  readonly marked: number
}

function countsOf(answers: readonly Answer[], churn: Churn): Counts {
  const kinds = answers.map((answer) => kindOf(answer, churn))
  const count = (kind: string): number => kinds.filter((one) => one === kind).length
  return {
    ...{right: count('right'), markedWrong: count('markedWrong')},
    ...{overtaken: count('overtaken'), unmarkedWrong: count('unmarkedWrong')},
    marked: answers.filter(({explanation}) => explanation.changing).length,
  }
}

function kindOf({explanation, receipt}: Answer, churn: Churn): Exclude<keyof Counts, 'marked'> {
  if (explanation.consumer?.name === receipt.consumer) return 'right'
  if (explanation.changing) return 'markedWrong'
  return churn.changesWithin(Date.parse(explanation.asOf), receipt.atMs).length > 0 ? 'overtaken' : 'unmarkedWrong'
}

/** The answers that fail the test, with the changes around them. */
function unmarkedWrongOf(answers: readonly Answer[], churn: Churn): object[] {
  return answers
    .filter((answer) => kindOf(answer, churn) === 'unmarkedWrong')
    .map((answer) => ({...answer, changes: churn.changesWithin(answer.askedMs - 2000, answer.receipt.atMs)}))
}

/** The answer is marked as changing, and no consumer joined or left while it was made. */
function isMarkedInVain({answeredMs, askedMs, explanation}: Answer, churn: Churn): boolean {
  return explanation.changing && churn.changesWithin(askedMs, answeredMs).length === 0
}

function textOf({marked, markedWrong, overtaken, right, unmarkedWrong}: Counts, answers: readonly Answer[]): string {
  const share = ((right / answers.length) * 100).toFixed(2)
  const times = answers.map(({answeredMs, askedMs}) => answeredMs - askedMs).toSorted((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)] ?? 0
  return (
    `of ${String(answers.length)} answers ${String(right)} right (${share} %), ${String(markedWrong)} wrong and marked, ` +
    `${String(overtaken)} overtaken, ${String(unmarkedWrong)} wrong and not marked; ${String(marked)} marked in total; median ${String(median)} ms`
  )
}
