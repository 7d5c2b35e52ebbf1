const BARS = '▁▂▃▄▅▆▇█'

/** Numbers as bars from 0 to the largest; a blank for one that is not known. */
export function sparkline(values: ReadonlyArray<number | null>): string {
  const most = Math.max(1, ...values.flatMap((value) => value ?? []))
  return values
    .map((value) => (value === null ? ' ' : (BARS[Math.round((value / most) * (BARS.length - 1))] ?? ' ')))
    .join('')
}
