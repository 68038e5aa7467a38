// Runs the tests: starts the control plane they share, runs tap, stops the plane, and says how many assertions there were.
//
//   node test/run.ts [--min N] [--lines PERCENT] [arguments of `tap run`]
//
// Without a test file among the arguments it runs them all. It exits with 1 when tap fails, when fewer than N assertions
// ran (tap passes a file in which no test is), and when fewer lines were covered (where tap prints its table here: to no terminal).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findBinary } from '../local/binaries.ts'
import { type ControlPlane, startControlPlane } from '../local/control-plane.ts'
import { sharedPlaneVariable } from './fixtures/control-plane.ts'
import { type Tally, coveredLines, describeTally, tallyOf } from './fixtures/tally.ts'

const root = join(import.meta.dirname, '..')
const { minimum, leastLines, tapArguments } = parseArguments(process.argv.slice(2))
// On a Ctrl-C tap ends what it runs; then it is our turn to clear up.
process.on('SIGINT', () => {})

const onProgress = (line: string) => console.log(`# ${line}`)
await findBinary('helm', { env: process.env, onProgress })
const plane = await startControlPlane({ env: process.env, audit: true, onProgress })
let outcome: Outcome
try {
  outcome = await runTap(plane)
} finally {
  await plane.stop()
}
const { tally = { passed: 0, failed: 0, skipped: 0 }, code } = outcome
const tooFew = tally.passed + tally.failed < minimum
if (!outcome.tally) console.log('# tap was broken off before it counted')
else if (tooFew) console.log(`# at least ${minimum} assertions should have run`)
const uncovered = outcome.lines !== undefined && outcome.lines < leastLines
if (uncovered) console.log(`# ${outcome.lines} % of the lines are covered; at least ${leastLines} % should be`)
console.log(describeTally(tally))
process.exitCode = code !== 0 || tooFew || uncovered || !outcome.tally ? 1 : 0

interface Outcome {
  code: number
  tally: Tally | undefined
  /** Covered, in percent. */
  lines: number | undefined
}

function parseArguments (given: string[]): { minimum: number, leastLines: number, tapArguments: string[] } {
  const rest = [...given]
  const [minimum, leastLines] = ['--min', '--lines'].map(option => takeNumber(option, rest)) as [number, number]
  const everything = rest.some(argument => !argument.startsWith('-')) ? [] : allTests()
  return { minimum, leastLines, tapArguments: [...rest, ...everything] }
}

/** Takes an option with its whole number out of the arguments; 0 where it is not among them. */
function takeNumber (option: string, args: string[]): number {
  const at = args.indexOf(option)
  if (at < 0) return 0
  const [, text] = args.splice(at, 2)
  if (!/^\d+$/.test(text ?? '')) throw new Error(`${option} needs a whole number, not ${text ?? 'nothing'}`)
  return Number(text)
}

function allTests (): string[] {
  return globSync('test/*/**/*.ts', { cwd: root }).filter(file => !file.startsWith(join('test', 'fixtures'))).sort()
}

/** For a person tap draws its progress and puts its TAP aside; anyone else gets the TAP itself, passed on as it comes. */
async function runTap ({ dir, server, hostAddress, caData, kubeconfig }: ControlPlane): Promise<Outcome> {
  const address = join(dir, 'address.json')
  await writeFile(address, JSON.stringify({ dir, server, hostAddress, caData, kubeconfig }))
  const person = process.stdout.isTTY
  const aside = join(dir, 'results.tap')
  const tap = join(root, 'node_modules', '.bin', 'tap')
  const reporting = person ? [`--output-file=${aside}`] : ['--reporter=tap']
  const child = spawn(process.execPath, [tap, 'run', ...reporting, ...tapArguments], {
    cwd: root,
    env: { ...process.env, [sharedPlaneVariable]: address },
    stdio: ['inherit', person ? 'inherit' : 'pipe', 'inherit']
  })
  const ended = once(child, 'close')
  child.stdout?.pipe(process.stdout, { end: false })
  const piped = child.stdout ? text(child.stdout) : undefined
  const [code] = await ended as [number | null]
  const results = await (piped ?? readFile(aside, 'utf8').catch(() => ''))
  return { code: code ?? 1, tally: tallyOf(results), lines: coveredLines(results) }
}
