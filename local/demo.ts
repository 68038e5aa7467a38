// The demo as a program (`npm run demo`): a TopicTen goes from five replicas to one before your eyes.
import { mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Demo, runSteps, undoSteps } from './demo/demo.ts'
import { type DemoOptions, UsageError, parseOptions, usage } from './demo/options.ts'
import { printHistory, printInvitation } from './demo/report.ts'
import { demoSteps } from './demo/steps.ts'
import { startGuard } from './guard.ts'

const options = readOptions()
const interruption = listenToSignals()
// Who reads may go before the end (`| head`): no reason to leave anything behind.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.exit(await run(options, interruption.signal))

/** Gives the exit code: 0 when all went well, 1 when something failed, which has been said; 128 + n after signal n. */
async function run (options: DemoOptions, signal: AbortSignal): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'topicten-demo-'))
  const demo: Demo = {
    options,
    env: process.env,
    execPath: process.execPath,
    dir,
    guard: startGuard(dir, { PATH: process.env['PATH'] }),
    signal,
    live: process.stdout.isTTY && process.env['TERM'] !== 'dumb',
    print: text => { process.stdout.write(text) },
    undo: []
  }
  const told = await tell(demo)
  if (demo.undo.length > 0) demo.print('\n')
  const failures = await undoSteps(demo)
  await demo.guard.dismiss()
  await rm(dir, { recursive: true, force: true })
  if (signal.aborted) return interruption.exitCode()
  return told && failures === 0 ? 0 : 1
}

/** Gives whether it came to its end. */
async function tell (demo: Demo): Promise<boolean> {
  try {
    await runSteps(demo.options.platform ? (await thePlatform()).platformSteps : demoSteps(demo.options), demo)
  } catch {
    return false
  }
  if (demo.options.platform) {
    await (await thePlatform()).printPlatform(demo)
  } else {
    await printHistory(demo)
    printInvitation(demo)
  }
  if (demo.options.keep) await untilAborted(demo.signal)
  return true
}

/** Loaded only by those who want to see it. */
function thePlatform () {
  return import('./demo/platform.ts')
}

function readOptions (): DemoOptions {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (!options.help) return options
    process.stdout.write(usage)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`demo: ${error.message}\n\n${usage}`)
    process.exit(error.exitCode)
  }
}

/** The first signal asks for an orderly end; one that comes a second later or more does not wait for it. */
function listenToSignals () {
  const controller = new AbortController()
  let code = 0
  let first = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // npm passes on the Ctrl-C that the terminal has sent to us already.
      if (controller.signal.aborted && performance.now() - first < 1000) return
      // The watchdogs end the processes.
      if (controller.signal.aborted) process.exit(code)
      code = 128 + constants.signals[signal]
      first = performance.now()
      controller.abort(new Error('interrupted'))
    })
  }
  return { signal: controller.signal, exitCode: () => code }
}

async function untilAborted (signal: AbortSignal): Promise<void> {
  // The longest time that a timer takes, 25 days; nothing else keeps the process.
  while (!signal.aborted) await delay(2 ** 31 - 1, undefined, { signal }).catch(() => {})
}
