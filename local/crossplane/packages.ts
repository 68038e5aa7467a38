// Plays Crossplane's package manager: whatever Provider or Function is applied soon is installed and healthy, and no package is fetched.
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import type { Logger } from '../../cluster/logger.ts'
import { createReflector } from '../../cluster/reflector.ts'
import type { PlaneAccess } from '../access.ts'

export interface Packages {
  /** Has the package of this name be unhealthy, now or once it is applied. */
  fail (name: string): Promise<void>
  repair (name: string): Promise<void>
  stop (): Promise<void>
}

const plurals = ['providers', 'functions']

/** The plane has Crossplane's CRDs. */
export function startPackages (plane: PlaneAccess, log: Logger): Packages {
  const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }))
  const failing = new Set<string>()
  const told = new Map<string, boolean>()

  async function tell (plural: string, name: string): Promise<void> {
    const healthy = !failing.has(name)
    if (told.get(`${plural}/${name}`) === healthy) return
    told.set(`${plural}/${name}`, healthy)
    const status = { conditions: [condition('Installed', true, 'ActivePackageRevision'), healthCondition(healthy)] }
    await client.mergePatch(`/apis/pkg.crossplane.io/v1/${plural}/${name}/status`, { status })
      .catch((err: unknown) => { log.debug({ err, name }, 'package not told of') })
  }

  const reflectors = plurals.map(plural => createReflector<string>({
    client,
    path: `/apis/pkg.crossplane.io/v1/${plural}`,
    project: ({ metadata }) => metadata.name ?? '',
    onChange ({ key, object }) {
      if (object === undefined) told.delete(`${plural}/${key}`)
      else void tell(plural, key)
    },
    log
  }))
  for (const reflector of reflectors) reflector.start()

  const tellAll = async (name: string) => {
    await Promise.all(plurals.map(async (plural, index) => { if (reflectors[index]?.get(name) !== undefined) await tell(plural, name) }))
  }

  return {
    async fail (name) {
      failing.add(name)
      await tellAll(name)
    },
    async repair (name) {
      failing.delete(name)
      await tellAll(name)
    },
    async stop () {
      await Promise.all(reflectors.map(reflector => reflector.stop()))
      await client.close()
    }
  }
}

function healthCondition (healthy: boolean): object {
  return condition('Healthy', healthy, healthy ? 'HealthyPackageRevision' : 'UnhealthyPackageRevision')
}

function condition (type: string, holds: boolean, reason: string): object {
  return { type, status: holds ? 'True' : 'False', reason, lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z` }
}
