// The controller of sealed-secrets as a process beside a plane that runs, and kubeseal with its certificate.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PlaneAccess, planeEnvironment } from '../access.ts'
import { findBinaries, findCrds } from '../binaries.ts'
import { runCommand } from '../command.ts'
import { applyCrds } from '../crds.ts'
import { startFleet } from '../fleet.ts'
import { freePorts } from '../ports.ts'
import { onFreshPorts } from '../process.ts'
import { requireFor } from '../requirements.ts'
import { accountObjects, controllerArguments, controllerName, controllerScript, sealingNamespace } from './controller.ts'

export interface SealedSecretsOptions {
  env: NodeJS.ProcessEnv
  /** Told in half a sentence what takes its time. */
  onProgress?: (line: string) => void
}

export interface SealedSecrets {
  /** The SealedSecret, as YAML, that the controller makes this Secret of, and of no other namespace and name. */
  seal (secret: object): Promise<string>
  /** Ends the controller and removes what it kept. Do so before the plane stops. */
  stop (): Promise<void>
}

export const sealingPrograms = ['sealed-secrets-controller', 'kubeseal'] as const

type Programs = Record<typeof sealingPrograms[number], string>

/**
 * Gives the plane the CRD and starts the controller with the rights of its chart. Resolves when it has a key to seal for. When our
 * process ends without `stop`, a watchdog clears up. Errors are those of requireFor, of findBinary and of
 * ComponentProcess.ready (process.ts).
 */
export async function startSealedSecrets (plane: PlaneAccess, options: SealedSecretsOptions): Promise<SealedSecrets> {
  await requireFor('sealed-secrets', options.env)
  const programs = await findBinaries([...sealingPrograms], options)
  await applyCrds(plane, [await findCrds('sealed-secrets-controller', options)])
  await plane.kubectl(['apply', '--server-side', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: accountObjects() }))
  return await onFreshPorts(() => startController(plane, programs, options))
}

async function startController (plane: PlaneAccess, programs: Programs, { env, onProgress }: SealedSecretsOptions): Promise<SealedSecrets> {
  const dir = await mkdtemp(join(plane.dir, 'sealed-secrets-'))
  const { hostname, port: apiPort } = new URL(plane.server)
  const ownEnv = planeEnvironment(dir, env)
  const fleet = startFleet<typeof controllerName>(dir, {
    ...ownEnv, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: apiPort, POD_NAMESPACE: sealingNamespace
  })
  const stop = async () => {
    await fleet.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const [port = 0, metricsPort = 0] = await freePorts(2)
  const url = `http://127.0.0.1:${port}/v1/cert.pem`
  const script = controllerScript(programs[controllerName], await accountFolder(dir, plane), controllerArguments(port, metricsPort))
  onProgress?.('starting the controller of sealed-secrets')
  try {
    await fleet.start({
      name: controllerName,
      file: 'unshare',
      args: ['--mount', 'sh', '-c', script],
      isReady: async () => (await fetch(url)).ok
    })
  } catch (error) {
    await stop()
    throw error
  }
  const certificate = join(dir, 'certificate.pem')
  await writeFile(certificate, await (await fetch(url)).text())
  return {
    seal: secret => runCommand(programs.kubeseal, ['--cert', certificate, '--format', 'yaml'], { env: ownEnv, input: JSON.stringify(secret) }),
    stop
  }
}

/** What a pod of the controller's ServiceAccount would have been given. */
async function accountFolder (dir: string, plane: PlaneAccess): Promise<string> {
  const folder = join(dir, 'account')
  await mkdir(folder, { mode: 0o700 })
  const path = await plane.serviceAccountKubeconfig(sealingNamespace, controllerName, { expiresInSeconds: 86_400, tokenFile: true })
  await writeFile(join(folder, 'token'), await readFile(`${path}.token`), { mode: 0o600 })
  await writeFile(join(folder, 'ca.crt'), plane.caData)
  await writeFile(join(folder, 'namespace'), sealingNamespace)
  return folder
}
