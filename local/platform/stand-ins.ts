// Stand-ins for the charts of others, which are not to be fetched here: each has its program's CRDs and nothing else. Pure.
import type { FileChanges } from '../git-server.ts'

/** The programs that run as processes where their charts would install them. */
export const standIns = ['crossplane', 'argocd', 'sealed-secrets-controller'] as const

/** The files of a chart in folder `stand-ins/NAME`; `crds` is YAML. */
export function standInChart (name: string, crds: string): FileChanges {
  const folder = `stand-ins/${name}`
  return {
    [`${folder}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\ndescription: Stands in for the chart of ${name}, which runs as a process\nversion: 0.1.0\n`,
    [`${folder}/crds/${name}.yaml`]: crds
  }
}
