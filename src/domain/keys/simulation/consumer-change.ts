import {Usage} from '../../../errors.js'
import {nearestNames} from '../../../nearest-name.js'
import {suggestedCommand} from '../../../suggested-command.js'

/** The change requested on the command line. */
export interface WantedConsumers {
  readonly join: readonly string[]
  readonly leave: readonly string[]
  /** target number of consumers; null when only `join` and `leave` determine it */
  readonly consumers: number | null
  /** such as `app-{0..N}` */
  readonly namesLike: string | null
  /** the other words of the command, for the suggestion to add `--names-like` */
  readonly words: readonly string[]
}

/** The names that leave, then those that join, in order. Each name stands for one consumer. */
export interface ConsumerChange {
  readonly leave: readonly string[]
  readonly join: readonly string[]
}

const PLACEHOLDER = /\{(\d+)\.\.N\}/

/**
 * Determines which consumers leave and which join.
 *
 * @param connected names of the connected consumers, in the order of joining.
 * @throws Usage E_CONSUMER_UNKNOWN for a departing name that is not connected; E_NAMES_LIKE for a pattern without a
 *   placeholder, and when the new names cannot be derived.
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

/** The names after a change. A name that is not connected is ignored when it leaves. */
export function afterChange(names: readonly string[], {join, leave}: ConsumerChange): string[] {
  return [...difference(names.toReversed(), leave).toReversed(), ...join]
}

/** The names of the target number of consumers: by the pattern, or by continuing the numbers of the connected names. */
function targetNames(present: readonly string[], {consumers, namesLike, words}: WantedConsumers): string[] {
  const count = consumers ?? 0
  if (namesLike !== null) return numbered(namesLike, count)
  const pattern = patternOf(present)
  if (pattern === null) {
    throw new Usage(
      'E_NAMES_LIKE',
      `--consumers requires --names-like, because ${present.length === 0 ? 'there are no consumer names to continue' : 'the names of the connected consumers do not follow a pattern such as app-{0..N}'}`,
      {
        data: {connected: present},
        next: [
          suggestedCommand('keys', 'simulate', '--consumers', String(count), '--names-like', 'app-{0..N}', ...words),
        ],
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
  const start = PLACEHOLDER.exec(pattern)?.[1]
  if (start === undefined) {
    throw new Usage('E_NAMES_LIKE', `--names-like ${pattern} has no placeholder for the number, such as {0..N}`, {
      data: {namesLike: pattern},
    })
  }
  return Array.from({length: count}, (_, at) => pattern.replace(PLACEHOLDER, String(Number(start) + at)))
}

/** The pattern that all names match, such as `app-{0..N}`; null without one. */
export function patternOf(names: readonly string[]): string | null {
  const parts = names.map((name) => /^(?<stem>.*?)(?<number>\d+)$/.exec(name)?.groups)
  const stems = new Set(parts.map((groups) => groups?.['stem']))
  const [stem] = stems
  if (stem === undefined || stems.size !== 1) return null
  const numbers = parts.map((groups) => Number(groups?.['number']))
  return `${stem}{${String(Math.min(...numbers))}..N}`
}

/** The first list without the second, where each element of the second removes one equal element. */
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
  const names = [...new Set(connected)].toSorted()
  const others = names.length === 0 ? 'no consumer is connected' : `connected: ${names.slice(0, 3).join(', ')}`
  const known = near.length > 0 ? `did you mean ${near.join(' or ')}?` : others
  return new Usage('E_CONSUMER_UNKNOWN', `--leave ${name}: consumer not connected; ${known}`, {
    data: {name, connected: names},
  })
}
