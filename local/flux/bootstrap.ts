// The objects with which everything begins: where git is, and which of its folders Flux reconciles. Pure.
import { fluxNamespace } from './controllers.ts'

export interface Step {
  name: string
  /** A folder of the repository with a kustomization.yaml. */
  path: string
  /** What `${name}` stands for in the folder's objects. */
  variables?: Record<string, string>
}

/** A GitRepository `flux-system` of branch main at `url`, and a Kustomization for each step. */
export function bootstrapObjects (url: string, steps: Step[]): object[] {
  const repository = { kind: 'GitRepository', name: fluxNamespace }
  return [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: repository.kind,
      metadata: { name: repository.name, namespace: fluxNamespace },
      spec: { url, ref: { branch: 'main' }, interval: '1h' }
    },
    ...steps.map(({ name, path, variables = {} }) => ({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace: fluxNamespace },
      spec: {
        sourceRef: repository, path, interval: '1h', retryInterval: '5s', timeout: '2m', prune: true, postBuild: { substitute: variables }
      }
    }))
  ]
}
