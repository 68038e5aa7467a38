// The benchmarks as a program: builds what is measured, opens the stage, prints tables.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../local/command.ts'
import { admission } from './admission.ts'
import { faults } from './faults.ts'
import type { Run } from './figures.ts'
import { type Operator, ownOperator, peerOperators, root } from './operators.ts'
import { type BenchOptions, parseOptions, UsageError, usage } from './options.ts'
import { reconcile } from './reconcile.ts'
import { references } from './references.ts'
import { report } from './report.ts'
import { openStage, type Stage } from './stage.ts'

const onProgress = (line: string) => { process.stderr.write(`${line}\n`) }
const options = readOptions()
const { command } = options
if (options.build) {
  onProgress('building dist/operator.js')
  await runCommand(process.execPath, [join(root, 'local/build.ts')], { env: process.env, cwd: root })
}
const folder = process.env['BENCH_PEERS']
const peers = folder && (command === 'reconcile' || command === 'admission') ? await peerOperators(folder, command, onProgress) : []
const runs: Run[] = []
const stage = await openStage({ pods: options.pods, audit: command === 'faults', onProgress })
try {
  if (!await measure(stage)) process.exitCode = 1
} finally {
  process.stdout.write(report(runs))
  await stage.close()
}

/** False when something was measured to be wrong. */
async function measure (stage: Stage): Promise<boolean> {
  const { modes, kinds, sizes, rounds, intervalMs } = options
  const own = ownOperators(options)
  if (command === 'reconcile') {
    await reconcile(stage, { operators: [...own, ...peers], modes, sizes, rounds, intervalMs, onProgress, onRun })
    return true
  }
  if (command === 'admission') {
    const errors = await admission(stage, { ...options, modes: options.admissionModes, operators: [...own, ...peers], onProgress, onRun })
    process.stdout.write(`${errors} wrong or missing answers\n\n`)
    return errors === 0
  }
  if (command === 'references') {
    for (const operator of own) await references(stage, { operator, sizes, rounds, onProgress, onRun })
    return true
  }
  let wrong = 0
  for (const operator of own) wrong += await faults(stage, { operator, kinds, rounds, intervalMs, onProgress, onRun })
  process.stdout.write(`${rounds * kinds.length * own.length} rounds, ${wrong} of them wrong\n\n`)
  return wrong === 0
}

function ownOperators ({ workers, profile }: BenchOptions): Operator[] {
  const nodeArguments = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  if (workers.length === 0) return [ownOperator('topicten', nodeArguments, {})]
  return workers.map(count => ownOperator(`topicten, ${count} workers`, nodeArguments, { RECONCILE_CONCURRENCY: String(count) }))
}

function onRun (run: Run): void {
  runs.push(run)
  if (options.json !== undefined) appendFileSync(options.json, `${JSON.stringify(run)}\n`)
}

function readOptions (): BenchOptions {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options !== 'help') return options
    process.stdout.write(usage)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    process.exit(64)
  }
}
