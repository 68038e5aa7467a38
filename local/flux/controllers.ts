// What the controllers of Flux are started with. Pure: starting them is flux.ts.
export const controllers = ['source-controller', 'kustomize-controller', 'helm-controller'] as const

/** Where Flux keeps its own objects. */
export const fluxNamespace = 'flux-system'

export type Controller = typeof controllers[number]

export interface ControllerPorts {
  health: number
  /** Where source-controller serves what it fetched; the others have none. */
  storage: number
}

export function controllerArguments (name: Controller, dir: string, { health, storage }: ControllerPorts): string[] {
  return [
    `--health-addr=127.0.0.1:${health}`, '--metrics-addr=0',
    // There is no notification-controller.
    '--events-addr=',
    // What waits for another looks again soon, and at no random time.
    '--interval-jitter-percentage=0', '--requeue-dependency=500ms', '--min-retry-delay=250ms', '--max-retry-delay=5s',
    ...(name === 'source-controller' ? storageArguments(dir, `127.0.0.1:${storage}`) : [])
  ]
}

function storageArguments (dir: string, address: string): string[] {
  return [`--storage-path=${dir}/artifacts`, `--storage-addr=${address}`, `--storage-adv-addr=${address}`]
}
