import {readFileSync} from 'node:fs'

/** The peak resident memory of a process in MiB, as Linux reports it; 0 after the process has exited. */
export function peakMiB(pid: number | undefined): number {
  try {
    const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]
    return Math.round(Number(kib ?? 0) / 1024)
  } catch {
    return 0
  }
}
