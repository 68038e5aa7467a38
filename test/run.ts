// Runs the tests: starts the control plane they share, runs tap, stops the plane, and says how many assertions there were.
//
//   node test/run.ts [--min N] [arguments of `tap run`]
//
// Without a test file among the arguments it runs them all. It exits with 1 when tap fails and when fewer than N
// assertions ran: tap passes a file in which no test is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findBinary } from '../local/binaries.ts'
import { type ControlPlane, startControlPlane } from '../local/control-plane.ts'
import { sharedPlaneVariable } from './fixtures/control-plane.ts'
import { type Tally, describeTally, tallyOf } from './fixtures/tally.ts'

const root = join(import.meta.dirname, '..')
const { minimum, tapArguments } = parseArguments(process.argv.slice(2))
// On a Ctrl-C tap ends what it runs; then it is our turn to clear up.
process.on('SIGINT', () => {})

const onProgress = (line: string) => console.log(`# ${line}`)
await findBinary('helm', { env: process.env, onProgress })
const plane = await startControlPlane({ env: process.env, audit: true, onProgress })
let outcome: { code: number, tally: Tally | undefined }
try {
  outcome = await runTap(plane)
} finally {
  await plane.stop()
}
const { tally = { passed: 0, failed: 0, skipped: 0 }, code } = outcome
const tooFew = tally.passed + tally.failed < minimum
if (!outcome.tally) console.log('# tap was broken off before it counted')
else if (tooFew) console.log(`# at least ${minimum} assertions should have run`)
console.log(describeTally(tally))
process.exitCode = code !== 0 || tooFew || !outcome.tally ? 1 : 0

function parseArguments (given: string[]): { minimum: number, tapArguments: string[] } {
  const at = given.indexOf('--min')
  const minimum = at < 0 ? 0 : Number(given[at + 1])
  if (!Number.isInteger(minimum)) throw new Error(`--min needs a whole number, not ${given[at + 1] ?? 'nothing'}`)
  const rest = at < 0 ? given : given.toSpliced(at, 2)
  const everything = rest.some(argument => !argument.startsWith('-')) ? [] : allTests()
  return { minimum, tapArguments: [...rest, ...everything] }
}

function allTests (): string[] {
  return globSync('test/*/**/*.ts', { cwd: root }).filter(file => !file.startsWith(join('test', 'fixtures'))).sort()
}

/** For a person tap draws its progress and puts its TAP aside; anyone else gets the TAP itself, passed on as it comes. */
async function runTap ({ dir, server, caData, kubeconfig }: ControlPlane): Promise<{ code: number, tally: Tally | undefined }> {
  const address = join(dir, 'address.json')
  await writeFile(address, JSON.stringify({ dir, server, caData, kubeconfig }))
  const person = process.stdout.isTTY
  const aside = join(dir, 'results.tap')
  const tap = join(root, 'node_modules', '.bin', 'tap')
  const reporting = person ? [`--output-file=${aside}`] : ['--reporter=tap']
  // A test that has a plane of its own takes longer than tap's default of 30 seconds allows on a busy machine.
  const child = spawn(process.execPath, [tap, 'run', '--timeout=300', ...reporting, ...tapArguments], {
    cwd: root,
    env: { ...process.env, [sharedPlaneVariable]: address },
    stdio: ['inherit', person ? 'inherit' : 'pipe', 'inherit']
  })
  const ended = once(child, 'close')
  child.stdout?.pipe(process.stdout, { end: false })
  const piped = child.stdout ? text(child.stdout) : undefined
  const [code] = await ended as [number | null]
  const results = await (piped ?? readFile(aside, 'utf8').catch(() => ''))
  return { code: code ?? 1, tally: tallyOf(results) }
}
