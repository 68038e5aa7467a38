// What the steps of one demo share, and how they are run: one after the other, and in the end undone in reverse.
import { setTimeout as delay } from 'node:timers/promises'
import { Listr, PRESET_TIMER } from 'listr2'
import type { PlaneAccess } from '../access.ts'
import type { FakeAws } from '../aws/fake.ts'
import type { Guard } from '../guard.ts'
import type { Platform } from '../platform/platform.ts'
import type { ComponentProcess } from '../process.ts'
import type { Watch } from './countdown.ts'
import type { DemoOptions } from './options.ts'
import type { Place } from './place.ts'

/** Where one demo has got to. Each step finds what those before it made, and leaves what it makes. */
export interface Demo {
  readonly options: DemoOptions
  readonly env: NodeJS.ProcessEnv
  /** The Node that the operator runs on. */
  readonly execPath: string
  /** The demo's own directory, removed in the end. */
  readonly dir: string
  readonly guard: Guard
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
  /** Output is a terminal and redrawn in place; otherwise it is lines that stay. */
  readonly live: boolean
  readonly print: (text: string) => void
  /** In the order in which they are to be undone. */
  readonly undo: Step[]
  place?: Place
  operator?: ComponentProcess
  aws?: FakeAws
  /** Only where no kubelet runs it. */
  workload?: ComponentProcess
  /** The arguments of the reader, and what it showed. */
  reader?: string[]
  messages?: string
  /** Of the TopicTen, from before it is there. */
  watch?: Watch
  /** Where the whole platform is shown. */
  platform?: Platform & { plane: PlaneAccess }
}

export interface Step {
  title: string
  /**
   * What it starts it puts at the head of `demo.undo` first. `say` tells what is going on; on a terminal each text takes
   * the place of the one before.
   */
  run: (demo: Demo, say: (text: string) => void) => Promise<void>
  /** What was said last stays below the title. */
  lasting?: boolean
}

/** How long an interrupted step may take to come to rest: as long as most need to be through. */
const restMs = 10_000

/** Runs steps one after the other. Rejects with the first error, which has been shown by then. */
export async function runSteps (steps: Step[], demo: Demo): Promise<void> {
  await listOf(steps, demo, (step, say) => interruptible(step.run(demo, say), demo.signal, say)).run()
}

/** Undoes what the steps did, all of it whatever fails. Gives the number of failures, which have been shown. */
export async function undoSteps (demo: Demo): Promise<number> {
  let failures = 0
  await listOf(demo.undo, demo, (step, say) => step.run(demo, say).catch((error: unknown) => {
    failures++
    throw error
  }), false).run()
  return failures
}

/** @throws when the step that makes it has not run. */
export function made<T> (part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`no step has made the ${name} yet`)
  return part
}

function listOf (
  steps: Step[], demo: Demo, run: (step: Step, say: (text: string) => void) => Promise<void>, exitOnError = true
) {
  return new Listr(steps.map(step => ({
    title: step.title,
    task: (_, task) => run(step, text => { task.output = text }),
    rendererOptions: { persistentOutput: step.lasting ?? false }
  })), {
    exitOnError,
    // A Ctrl-C is ours: Listr would end the process and leave everything running.
    registerSignalListeners: false,
    fallbackRendererCondition: () => !demo.live,
    renderer: 'default',
    rendererOptions: { timer: PRESET_TIMER, collapseErrors: false },
    fallbackRenderer: 'simple',
    fallbackRendererOptions: { timer: PRESET_TIMER }
  })
}

/** `work`; once the signal has aborted it rejects with its reason as soon as `work` has come to rest, in 10 s at the latest. */
async function interruptible (work: Promise<void>, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  const done = new AbortController()
  const onAbort = () => { say('ending what was started') }
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([work, rest(signal, done.signal)])
  } catch (error) {
    // The kubectl or go that a Ctrl-C has ended too is no news.
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
    done.abort()
  }
  signal.throwIfAborted()
}

/** Resolves some time after `signal` has aborted; never, when `done` aborts before. */
function rest (signal: AbortSignal, done: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const start = () => { delay(restMs, undefined, { signal: done }).then(resolve, () => {}) }
  if (signal.aborted) start()
  else signal.addEventListener('abort', start, { signal: done })
  return promise
}
