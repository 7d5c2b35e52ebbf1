import {Usage} from '../../../errors.js'
import {nearestNames} from '../../../nearest-name.js'

/** What was asked for on the command line. */
export interface WantedConsumers {
  readonly join: readonly string[]
  readonly leave: readonly string[]
  /** how many there shall be; null leaves the number as the joins and leaves make it */
  readonly consumers: number | null
  /** such as `app-{0..N}` */
  readonly namesLike: string | null
}

/** Names that leave, then those that join, in this order. A name stands for one consumer. */
export interface ConsumerChange {
  readonly leave: readonly string[]
  readonly join: readonly string[]
}

const PLACE = /\{(\d+)\.\.N\}/

/**
 * Works out who leaves and who joins.
 *
 * @param connected names of the consumers that are there, in the order of joining.
 * @throws Usage E_CONSUMER_UNKNOWN for a name to leave that is not there; E_NAMES_LIKE for a pattern without a place for
 *   the number, or where the names to take can't be told.
 */
export function consumerChange(connected: readonly string[], wanted: WantedConsumers): ConsumerChange {
  const afterLeaving = without(connected, wanted.leave)
  const target = wanted.consumers === null ? null : targetNames([...afterLeaving, ...wanted.join], wanted)
  if (!target) return {leave: wanted.leave, join: wanted.join}
  return {leave: [...wanted.leave, ...difference(afterLeaving, target)], join: difference(target, afterLeaving)}
}

function without(connected: readonly string[], leave: readonly string[]): string[] {
  const left = [...connected]
  for (const name of leave) {
    const at = left.lastIndexOf(name)
    if (at === -1) throw unknownConsumer(name, connected)
    left.splice(at, 1)
  }
  return left
}

/** The names after a change; a name that is not there can't leave. */
export function afterChange(names: readonly string[], {join, leave}: ConsumerChange): string[] {
  return [...difference(names.toReversed(), leave).toReversed(), ...join]
}

/** The names that a fleet of the wanted size has: by the pattern, or by going on as the names there do. */
function targetNames(present: readonly string[], {consumers, namesLike}: WantedConsumers): string[] {
  const count = consumers ?? 0
  if (namesLike !== null) return numbered(namesLike, count)
  const pattern = patternOf(present)
  if (pattern === null) {
    throw new Usage(
      'E_NAMES_LIKE',
      '--consumers needs --names-like: the connected names do not end in numbers that go on',
      {
        data: {connected: present},
        next: ["give the names as a pattern, such as --names-like 'app-{0..N}'"],
      },
    )
  }
  return numbered(pattern, count)
}

/**
 * `app-{0..N}` for 3 is app-0, app-1, app-2.
 *
 * @throws Usage E_NAMES_LIKE
 */
export function numbered(pattern: string, count: number): string[] {
  const start = PLACE.exec(pattern)?.[1]
  if (start === undefined) {
    throw new Usage('E_NAMES_LIKE', `--names-like ${pattern} has no place for the number, such as {0..N}`, {
      data: {namesLike: pattern},
    })
  }
  return Array.from({length: count}, (_, at) => pattern.replace(PLACE, String(Number(start) + at)))
}

/** The pattern that all names follow, such as `app-{0..N}`; null when they don't follow one. */
export function patternOf(names: readonly string[]): string | null {
  const parts = names.map((name) => /^(?<stem>.*?)(?<number>\d+)$/.exec(name)?.groups)
  const stems = new Set(parts.map((groups) => groups?.['stem']))
  const [stem] = stems
  if (stem === undefined || stems.size !== 1) return null
  const numbers = parts.map((groups) => Number(groups?.['number']))
  return `${stem}{${String(Math.min(...numbers))}..N}`
}

/** What is in the first list and not in the second, each as often as it is there more often. */
function difference(one: readonly string[], other: readonly string[]): string[] {
  const left = [...other]
  return one.filter((name) => {
    const at = left.indexOf(name)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

function unknownConsumer(name: string, connected: readonly string[]): Usage {
  const near = nearestNames(name, connected)
  const shown = near.length > 0 ? near : [...new Set(connected)].toSorted().slice(0, 3)
  const known = shown.length === 0 ? 'no consumer is connected' : `the nearest: ${shown.join(', ')}`
  return new Usage('E_CONSUMER_UNKNOWN', `--leave ${name}: no such consumer is connected; ${known}`, {
    data: {name, connected: [...new Set(connected)].toSorted()},
  })
}
