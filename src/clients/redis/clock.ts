/** What TIME answers, as epoch ms. */
export function timeMs([seconds, micros]: ReadonlyArray<Buffer | number | string>): number {
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}
