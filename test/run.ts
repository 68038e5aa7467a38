// Runs the tests: starts the control plane they share, runs tap, stops the plane, and says how many assertions there were.
//
//   node test/run.ts [--suite NAME] [--min N] [--lines PERCENT] [arguments of `tap run`]
//
// Without a test file among the arguments it runs all of the suite: those of test/NAME, which has a plane to its needs; without
// a suite those of all other folders. It exits with 1 when anything failed, and counts among that, one each: fewer than N assertions
// (tap passes a file in which no test is), fewer lines covered (where tap prints its table here: to no terminal), a request of our
// operator that the API server refused it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { text } from 'node:stream/consumers'
import { findBinaries } from '../local/binaries.ts'
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../local/control-plane.ts'
import { makeImages } from '../local/images/images.ts'
import { preparePlatform } from '../local/platform/platform.ts'
import { RequirementError, requireFor } from '../local/requirements.ts'
import { sharedPlaneVariable } from './fixtures/control-plane.ts'
import { forbiddenRequests } from './fixtures/rights.ts'
import { type Tally, coveredLines, describeTally, tallyOf } from './fixtures/tally.ts'

const root = join(import.meta.dirname, '..')
// What the planes of suites have that the others' has not.
const suites: Record<string, () => Promise<Partial<ControlPlaneOptions>>> = {
  pods: async () => ({ nodes: 'containerd', images: Object.values(await makeImages(process.env, onProgress)) }),
  gitops: async () => {
    for (const needs of ['argocd', 'sealed-secrets'] as const) await requireFor(needs, process.env)
    // Tests would time out while they are built.
    await preparePlatform(process.env, onProgress)
    return {}
  }
}
const { suite, minimum, leastLines, tapArguments } = parseArguments(process.argv.slice(2))
// On a Ctrl-C tap ends what it runs; then it is our turn to clear up.
process.on('SIGINT', () => {})

const plane = await startPlane()
let outcome: Outcome
let forbidden: string[]
try {
  outcome = await runTap(plane)
  forbidden = await forbiddenIn(plane)
} finally {
  await plane.stop()
}
const complaints = complaintsOf(outcome, forbidden)
for (const complaint of complaints) console.log(`not ok - ${complaint}`)
const { passed, failed, skipped } = outcome.tally ?? { passed: 0, failed: 0, skipped: 0 }
const tally = { passed, failed: failed + complaints.length, skipped }
console.log(describeTally(tally))
process.exitCode = tally.failed > 0 ? 1 : 0

function onProgress (line: string): void {
  console.log(`# ${line}`)
}

async function startPlane (): Promise<ControlPlane> {
  try {
    const options = suite === undefined ? {} : await suites[suite]?.()
    // A test that has to build one of these first would time out.
    await findBinaries(suite === undefined ? ['helm', 'promtool'] : ['helm'], { env: process.env, onProgress })
    return await startControlPlane({ env: process.env, audit: true, onProgress, ...options })
  } catch (error) {
    if (!(error instanceof RequirementError)) throw error
    // Not skipped: who asks for these tests wants them to have run.
    console.error(`the tests of ${suite} did not run: ${error.message}`)
    process.exit(1)
  }
}

/** What is wrong beside the assertions that failed, in words. */
function complaintsOf ({ code, tally, lines }: Outcome, forbidden: string[]): string[] {
  const requests = forbidden.map(request => `our operator has no right to what it asked for: ${request}`)
  if (!tally) return ['tap was broken off before it counted', ...requests]
  const { passed, failed } = tally
  const complaints: string[] = []
  if (passed + failed < minimum) complaints.push(`at least ${minimum} assertions should have run`)
  if (lines !== undefined && lines < leastLines) complaints.push(`${lines} % of the lines are covered; at least ${leastLines} % should be`)
  if (code !== 0 && failed === 0) complaints.push(`tap ended with ${code}, though no assertion failed`)
  return [...complaints, ...requests]
}

/** One test has the operator review a token before it may. */
async function forbiddenIn ({ auditEvents }: ControlPlane): Promise<string[]> {
  const requests = forbiddenRequests(await auditEvents(), ['topicten', 'topicten-test'])
  return requests.filter(request => !request.includes(' create tokenreviews '))
}

interface Outcome {
  code: number
  tally: Tally | undefined
  /** Covered, in percent. */
  lines: number | undefined
}

interface Arguments {
  suite: string | undefined
  minimum: number
  leastLines: number
  tapArguments: string[]
}

function parseArguments (given: string[]): Arguments {
  const rest = [...given]
  const suite = takeValue('--suite', rest)
  if (suite !== undefined && !(suite in suites)) throw new Error(`--suite needs one of ${Object.keys(suites).join(', ')}, not ${suite}`)
  const [minimum, leastLines] = ['--min', '--lines'].map(option => takeNumber(option, rest)) as [number, number]
  const everything = rest.some(argument => !argument.startsWith('-')) ? [] : testsOf(suite)
  return { suite, minimum, leastLines, tapArguments: [...rest, ...everything] }
}

/** Takes an option with its whole number out of the arguments; 0 where it is not among them. */
function takeNumber (option: string, args: string[]): number {
  const text = takeValue(option, args)
  if (text !== undefined && !/^\d+$/.test(text)) throw new Error(`${option} needs a whole number, not ${text || 'nothing'}`)
  return Number(text ?? 0)
}

function takeValue (option: string, args: string[]): string | undefined {
  const at = args.indexOf(option)
  if (at < 0) return undefined
  const [, text = ''] = args.splice(at, 2)
  return text
}

/** Of a folder of its own, or of all that are no such folder. */
function testsOf (suite: string | undefined): string[] {
  const belongs = (folder = '') => suite === undefined ? folder !== 'fixtures' && !(folder in suites) : folder === suite
  return globSync('test/*/**/*.ts', { cwd: root }).filter(file => belongs(file.split(sep)[1])).sort()
}

/** For a person tap draws its progress and puts its TAP aside; anyone else gets the TAP itself, passed on as it comes. */
async function runTap ({ dir, server, hostAddress, caData, kubeconfig }: ControlPlane): Promise<Outcome> {
  const address = join(dir, 'address.json')
  await writeFile(address, JSON.stringify({ dir, server, hostAddress, caData, kubeconfig }))
  const person = process.stdout.isTTY
  const aside = join(dir, 'results.tap')
  const tap = join(root, 'node_modules', '.bin', 'tap')
  const reporting = person ? [`--output-file=${aside}`] : ['--reporter=tap']
  // Each file of a suite installs our operator for the whole cluster, which only one can at a time. The others wait more than they compute.
  const jobs = `--jobs=${suite === undefined ? 2 : 1}`
  const child = spawn(process.execPath, [tap, 'run', ...reporting, jobs, ...tapArguments], {
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
