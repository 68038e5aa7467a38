// The controllers of Flux as processes beside a plane that runs.
import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type PlaneAccess, planeEnvironment } from '../access.ts'
import { findBinaries, findCrds } from '../binaries.ts'
import { applyCrds } from '../crds.ts'
import { startFleet } from '../fleet.ts'
import { freePorts } from '../ports.ts'
import { onFreshPorts } from '../process.ts'
import { type Controller, controllerArguments, controllers, fluxNamespace } from './controllers.ts'

export interface FluxOptions {
  env: NodeJS.ProcessEnv
  /** Told in half a sentence what takes its time. */
  onProgress?: (line: string) => void
}

export interface Flux {
  pid (controller: Controller): number
  /** Sends SIGKILL; resolves when the controller is gone. */
  kill (controller: Controller): Promise<void>
  /** Ends a controller, if need be, and starts it again; resolves when it is ready. */
  restart (controller: Controller): Promise<void>
  /** What a controller has logged so far, a JSON object a line. */
  log (controller: Controller): Promise<string>
  /** Ends the controllers and removes what they kept. Do so before the plane stops. */
  stop (): Promise<void>
}

/**
 * Gives the plane the CRDs and the namespace of Flux and starts its controllers, with an administrator's rights as in Flux's own
 * manifests. Resolves when all are ready. When our process ends without `stop`, a watchdog clears up. Errors are those of findBinary
 * and of ComponentProcess.ready (process.ts).
 */
export async function startFlux (plane: PlaneAccess, options: FluxOptions): Promise<Flux> {
  const binaries = await findBinaries([...controllers], options)
  const crds = await Promise.all(controllers.map(name => findCrds(name, options)))
  await applyCrds(plane, crds)
  await plane.kubectl(['apply', '--server-side', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: fluxNamespace } }))
  return await onFreshPorts(() => startControllers(plane, binaries, options))
}

async function startControllers (
  plane: PlaneAccess, binaries: Record<Controller, string>, { env, onProgress }: FluxOptions
): Promise<Flux> {
  const dir = await mkdtemp(join(plane.dir, 'flux-'))
  // source-controller does not make the folder.
  await mkdir(join(dir, 'artifacts'))
  const fleet = startFleet<Controller>(dir, {
    ...planeEnvironment(dir, env), KUBECONFIG: plane.kubeconfig, RUNTIME_NAMESPACE: fluxNamespace
  })
  const stop = async () => {
    await fleet.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const [storage = 0, ...healths] = await freePorts(1 + controllers.length)
  onProgress?.('starting the controllers of Flux')
  try {
    for (const name of controllers) {
      const health = healths.pop() ?? 0
      await fleet.start({
        name,
        file: binaries[name],
        args: controllerArguments(name, dir, { health, storage }),
        isReady: async () => (await fetch(`http://127.0.0.1:${health}/readyz`)).ok
      })
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    pid: fleet.pid,
    kill: name => fleet.kill(name, 'SIGKILL'),
    restart: fleet.restart,
    log: name => readFile(join(dir, `${name}.log`), 'utf8'),
    stop
  }
}
