import {durationText} from '../../wording.js'

/** A time of a report as people compare it: `40 s ago`; null when it is not known. */
export function ageText(asOf: string, at: string | null): string | null {
  return at === null ? null : `${durationText(Math.max(0, Date.parse(asOf) - Date.parse(at)))} ago`
}
