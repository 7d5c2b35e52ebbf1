/** `1 lock`, `2 locks`, `3,600 messages`: a count with its noun in the right number. @param many for irregular plurals */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}

/** A whole number with a comma before every third digit: `3,600`. */
export function numberText(count: number): string {
  return count.toLocaleString('en-US')
}

/** A duration in ms as text: `< 1 ms`, `850 ms`, `2.4 s`, `42 s`, `3 min`, `5 h`, `4 d`. */
export function durationText(ms: number): string {
  if (ms > 0 && ms < 1) return '< 1 ms'
  if (ms < 1000) return `${String(Math.round(ms))} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 120_000) return `${String(Math.round(ms / 1000))} s`
  if (ms < 7_200_000) return `${String(Math.round(ms / 60_000))} min`
  if (ms < 172_800_000) return `${String(Math.round(ms / 3_600_000))} h`
  return `${String(Math.round(ms / 86_400_000))} d`
}

/** `partition 3`, or `the topic` for a topic without partitions. */
export function partitionLabel(partition: number | null): string {
  return partition === null ? 'the topic' : `partition ${String(partition)}`
}

/** A message key in a text; an empty one would not be seen. */
export function keyText(key: string): string {
  return key === '' ? '(empty)' : key
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
