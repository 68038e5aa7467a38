// What the commands of the benchmarks measure, by the names that a command line gives to it.
import { cases } from './reviews.ts'

export const reconcileModes = ['startup', 'create', 'countdown', 'term', 'kill', 'silence'] as const
export type ReconcileMode = typeof reconcileModes[number]

export const admissionModes = [...cases, 'list'] as const
export type AdmissionMode = typeof admissionModes[number]

/** What hits the leader. */
export const faultKinds = ['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const
export type FaultKind = typeof faultKinds[number]
