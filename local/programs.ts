// The programs that planes and nodes are made of: where each is pinned and how it is built. Building is binaries.ts.
import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'

export type ProgramName =
  'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubectl' | 'kwok' | 'helm' | 'kubelet' | 'kube-proxy' | 'pause' |
  'promtool' | 'source-controller' | 'kustomize-controller' | 'helm-controller' | 'argocd' | 'kustomize' | 'sealed-secrets-controller' | 'kubeseal' |
  'crossplane' | 'crossplane-cli'

interface Pin {
  /** The folder below local/binaries whose go.mod pins the version. */
  module: string
  package: string
  /** How long a first build takes on two cores, for the person who waits. */
  minutes: number
  /** Build tags that leave out what nobody here uses. */
  tags?: string
  /** The Go it must be built with where ours may be older: Go fetches it by itself. */
  toolchain?: string
  /** Where the program's CRDs are in its module. */
  crds?: Crds
}

export interface Crds {
  module: string
  /** A glob below the module's folder. */
  files: string
}

const sealedSecrets = 'github.com/bitnami/sealed-secrets'
const crossplane = 'github.com/crossplane/crossplane/v2'

const pins: Record<ProgramName, Pin> = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', minutes: 1 },
  'kube-apiserver': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-apiserver', minutes: 3 },
  'kube-controller-manager': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-controller-manager', minutes: 1 },
  'kube-scheduler': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-scheduler', minutes: 1 },
  kubectl: { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubectl', minutes: 1 },
  kubelet: { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubelet', minutes: 1 },
  'kube-proxy': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-proxy', minutes: 1 },
  pause: { module: 'pause', package: 'topicten.local/pause', minutes: 1 },
  kwok: { module: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', minutes: 1 },
  helm: { module: 'helm', package: 'helm.sh/helm/v4/cmd/helm', minutes: 1 },
  promtool: { module: 'promtool', package: 'github.com/prometheus/prometheus/cmd/promtool', minutes: 4, tags: 'remove_all_sd' },
  'source-controller': ofFlux('source-controller'),
  'kustomize-controller': ofFlux('kustomize-controller'),
  'helm-controller': ofFlux('helm-controller'),
  argocd: {
    module: 'argocd',
    package: 'github.com/argoproj/argo-cd/v3/cmd',
    minutes: 4,
    toolchain: 'go1.27.3',
    crds: { module: 'github.com/argoproj/argo-cd/v3', files: 'manifests/crds/*-crd.yaml' }
  },
  kustomize: { module: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5', minutes: 1 },
  'sealed-secrets-controller': {
    module: 'sealed-secrets',
    package: `${sealedSecrets}/cmd/controller`,
    minutes: 2,
    crds: { module: sealedSecrets, files: 'helm/sealed-secrets/crds/*.yaml' }
  },
  kubeseal: { module: 'sealed-secrets', package: `${sealedSecrets}/cmd/kubeseal`, minutes: 1 },
  crossplane: {
    module: 'crossplane',
    package: `${crossplane}/cmd/crossplane`,
    minutes: 2,
    crds: { module: crossplane, files: 'cluster/crds/*.yaml' }
  },
  'crossplane-cli': { module: 'crossplane-cli', package: 'github.com/crossplane/cli/v2/cmd/crossplane', minutes: 2 }
}

function ofFlux (name: string): Pin {
  const module = `github.com/fluxcd/${name}`
  return { module: name, package: module, minutes: 2, crds: { module, files: 'config/crd/bases/*.yaml' } }
}

export interface Build {
  minutes: number
  /** The folder to build in. */
  cwd: string
  /** The arguments of `go`, but for the name of the output. */
  args: string[]
  /** What Go must see in its environment, whatever the person has set. */
  env: NodeJS.ProcessEnv
  /** Changes whenever the result could: a short hash of the pins, our sources, the flags and the machine's kind. */
  key: string
  crds: Crds | undefined
}

/** How program `name` is built from the module that pins it. */
export async function buildOf (name: ProgramName): Promise<Build> {
  const pin = pins[name]
  const cwd = moduleFolder(pin.module)
  const [goMod, goSum] = await Promise.all(['go.mod', 'go.sum'].map(file => readFile(`${cwd}/${file}`, 'utf8')))
  // Only of modules whose program is our own: the others have it at the version that go.mod pins.
  const sources = await Promise.all(globSync(`${cwd}/*.go`).sort().map(file => readFile(file, 'utf8')))
  const args = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', ['-s', '-w', ...versionFlags(goMod ?? '')].join(' ')]
  if (pin.tags !== undefined) args.push('-tags', pin.tags)
  // GOWORK, GOFLAGS and a foreign GOOS of the person's own projects would build something else, or nothing.
  const env = {
    CGO_ENABLED: '0',
    GOWORK: 'off',
    GOFLAGS: '-mod=readonly',
    GOOS: platform(),
    GOARCH: arch() === 'x64' ? 'amd64' : arch(),
    ...(pin.toolchain === undefined ? {} : { GOTOOLCHAIN: pin.toolchain })
  }
  const key = createHash('sha256').update(JSON.stringify([goMod, goSum, pin.package, args, env, ...sources])).digest('hex').slice(0, 16)
  return { minutes: pin.minutes, cwd, args: [...args, pin.package], env, key, crds: pin.crds }
}

function moduleFolder (module: string): string {
  return `${import.meta.dirname}/binaries/${module}`
}

/** Kubernetes programs report the version they are linked with; without the flag they call themselves v0.0.0. */
function versionFlags (goMod: string): string[] {
  const version = /^require k8s\.io\/kubernetes (\S+)$/m.exec(goMod)?.[1]
  return version ? [`-X k8s.io/component-base/version.gitVersion=${version}`] : []
}
