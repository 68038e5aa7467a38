// What the kernel says of a running process (Linux): its CPU time and its memory.
import { readFile, writeFile } from 'node:fs/promises'

/** User and system time so far, in seconds; counted in ticks of 10 ms: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export async function cpuSeconds (pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export interface Memory {
  /** Resident now, and at most so far. */
  rssMiB: number
  peakMiB: number
}

export async function memoryOf (pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
}

/** From now on the peak is that of what follows: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
export async function resetPeak (pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}
