import {Flags} from '@oclif/core'
import {CLIError} from '@oclif/core/errors'

const UNITS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000} as const

/** A duration flag: a number with a unit, such as 500ms, 5s, 2m, 1h; parsed to ms. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: (text) => Promise.resolve(parseDuration(text)),
})

/** The default of a duration flag, which help shows in the form that the user types. */
export function defaultDuration(text: string): {
  default: number
  defaultHelp: () => Promise<string>
  noCacheDefault: true
} {
  return {default: parseDuration(text), defaultHelp: () => Promise.resolve(text), noCacheDefault: true}
}

/** @throws CLIError, to which oclif adds the name of the flag; `usageError` rewords it. */
function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  if (amount === undefined)
    throw new CLIError(`${text} is not a duration; use a number and a unit, such as 500ms, 5s, 2m or 1h`)
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}
