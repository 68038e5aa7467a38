// Crossplane's core as a process beside a plane that runs, with our composition function as another, and those that are given.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PlaneAccess, planeEnvironment } from '../access.ts'
import { findBinary, findCrds } from '../binaries.ts'
import { runCommand } from '../command.ts'
import { applyCrds } from '../crds.ts'
import { startFleet } from '../fleet.ts'
import { accepts, freePorts } from '../ports.ts'
import { onFreshPorts } from '../process.ts'
import {
  clientSecret, coreEnvironment, type CorePorts, crossplaneNamespace, functionObjects, initArguments, rootCaSecret, startArguments
} from './core.ts'
import { makeFunctionCertificate } from './function-certificate.ts'
import { findFunction, functionName } from './function.ts'

export interface CrossplaneOptions {
  env: NodeJS.ProcessEnv
  /** The Node that runs the function. */
  execPath: string
  /** Commands of more functions by the names under which compositions know them; none if omitted. */
  functions?: Record<string, string[]>
  /** Told in half a sentence what takes its time. */
  onProgress?: (line: string) => void
}

export interface Crossplane {
  /** Ends the processes and removes what they kept. Do so before the plane stops. */
  stop (): Promise<void>
}

/** Those that have to be there before Crossplane starts; the packages of the function are fetched beside. */
export const crossplanePrograms = ['crossplane', 'crossplane-cli'] as const

/**
 * Gives the plane Crossplane's CRDs and namespace, starts core with an administrator's rights, and the functions; ours is known to it as
 * `functionName`. Resolves when all are ready. When our process ends without `stop`, a watchdog clears up. Errors are those of
 * findBinary, of findFunction and of ComponentProcess.ready (process.ts).
 */
export async function startCrossplane (plane: PlaneAccess, options: CrossplaneOptions): Promise<Crossplane> {
  const { env, onProgress } = options
  const core = await findBinary('crossplane', options)
  const sources = await findFunction(env, onProgress)
  await applyCrds(plane, [await findCrds('crossplane', options)])
  await plane.kubectl(['apply', '--server-side', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: crossplaneNamespace } }))
  return await onFreshPorts(() => startProcesses(plane, core, sources, options))
}

async function startProcesses (plane: PlaneAccess, core: string, sources: string, options: CrossplaneOptions): Promise<Crossplane> {
  const { env, onProgress } = options
  const dir = await mkdtemp(join(plane.dir, 'crossplane-'))
  const functionTls = join(dir, 'function-tls')
  const commands = Object.entries(functionCommands(sources, functionTls, options))
  const [metrics = 0, health = 0, webhook = 0, ...functionPorts] = await freePorts(3 + commands.length)
  const ports: CorePorts = { metrics, health, webhook }
  const functions = commands.map(([name, [file = '', ...args]], index) => ({ name, file, args, port: functionPorts[index] ?? 0 }))
  const coreEnv = { ...planeEnvironment(dir, env), KUBECONFIG: plane.kubeconfig, ...coreEnvironment(dir, ports) }
  const fleet = startFleet<string>(dir, coreEnv)
  const stop = async () => {
    await fleet.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    onProgress?.('starting Crossplane')
    for (const folder of ['crds', 'packages', 'tls', 'function-tls']) await mkdir(join(dir, folder))
    await runCommand(core, initArguments, { env: coreEnv })
    await writeSecret(plane, clientSecret, join(dir, 'tls'))
    await writeFunctionTls(plane, functionTls)
    for (const { name, file, args, port } of functions) {
      await fleet.start({ name, file, args: [...args, '--address', `127.0.0.1:${port}`], isReady: () => accepts(port) })
    }
    await fleet.start({
      name: 'crossplane',
      file: core,
      args: startArguments(),
      isReady: async () => (await fetch(`http://127.0.0.1:${health}/readyz`)).ok
    })
    for (const { name, port } of functions) await registerFunction(plane, name, `127.0.0.1:${port}`)
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

/** What starts each function but for its address: ours from its sources, others as Go's SDK has it. `tls` is their certificate's folder. */
function functionCommands (sources: string, tls: string, { execPath, functions = {} }: CrossplaneOptions): Record<string, string[]> {
  return {
    [functionName]: [execPath, join(sources, 'main.ts'), '--tls-server-certs-dir', tls],
    ...Object.fromEntries(Object.entries(functions).map(([name, command]) => [name, [...command, '--tls-certs-dir', tls]]))
  }
}

/** Tells core of a function that runs at `endpoint` (ADDRESS:PORT), with a certificate of core's authority. */
async function registerFunction (plane: PlaneAccess, name: string, endpoint: string): Promise<void> {
  const { objects, revision, status } = functionObjects(name, endpoint)
  await plane.kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  await plane.kubectl(['patch', 'functionrevision', revision, '--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`])
}

async function writeFunctionTls (plane: PlaneAccess, folder: string): Promise<void> {
  const authority = await readSecret(plane, rootCaSecret)
  const { certificate, key } = await makeFunctionCertificate({ certificate: authority['tls.crt'] ?? '', key: authority['tls.key'] ?? '' }, Date.now())
  for (const [name, text] of Object.entries({ 'ca.crt': authority['tls.crt'] ?? '', 'tls.crt': certificate, 'tls.key': key })) {
    await writeFile(join(folder, name), text, { mode: 0o600 })
  }
}

async function writeSecret (plane: PlaneAccess, name: string, folder: string): Promise<void> {
  for (const [key, text] of Object.entries(await readSecret(plane, name))) await writeFile(join(folder, key), text, { mode: 0o600 })
}

async function readSecret (plane: PlaneAccess, name: string): Promise<Record<string, string>> {
  const { data } = JSON.parse(await plane.kubectl(['get', 'secret', name, `--namespace=${crossplaneNamespace}`, '--output=json'])) as {
    data: Record<string, string>
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}
