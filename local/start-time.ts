// Tells one process from a later one that got the same id, by the time it started.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { platform } from 'node:os'

/**
 * When process `pid` started, in the system's own words (only good to be compared); undefined when there is none,
 * or when it has ended and only its parent does not know yet.
 */
export function startTimeOf (pid: number): string | undefined {
  return platform() === 'linux' ? startTimeByProc(pid) : startTimeByPs(pid)
}

function startTimeByProc (pid: number): string | undefined {
  try {
    // The second field is the program's name in brackets and may hold anything, so count from its end
    // (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the third is the state, the 22nd the start time).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** startTimeOf for systems without /proc (macOS), to the second. */
export function startTimeByPs (pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], { encoding: 'utf8' })
  const [state, ...started] = status === 0 ? stdout.trim().split(/\s+/) : []
  return state === undefined || state.startsWith('Z') ? undefined : started.join(' ')
}
