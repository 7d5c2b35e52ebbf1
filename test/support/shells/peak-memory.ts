import {readFileSync} from 'node:fs'

/** The largest resident size that Linux has seen of a process, in MiB; 0 once it is gone. */
export function peakMiB(pid: number | undefined): number {
  try {
    const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]
    return Math.round(Number(kib ?? 0) / 1024)
  } catch {
    return 0
  }
}
