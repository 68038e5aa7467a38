// The whole platform beside a plane that runs: a git server with this tree, and all that reconciles it as processes. What differs from the
// cluster `staging` is in local/flux/overlay.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Logger } from '../../cluster/logger.ts'
import type { PlaneAccess } from '../access.ts'
import { type ArgoCd, argoPrograms, startArgoCd } from '../argocd/argocd.ts'
import { findBinaries, findCrds } from '../binaries.ts'
import { crossplanePrograms, startCrossplane } from '../crossplane/crossplane.ts'
import { findFunction } from '../crossplane/function.ts'
import { type Packages, startPackages } from '../crossplane/packages.ts'
import { type Provider, startProvider } from '../crossplane/provider.ts'
import { controllers } from '../flux/controllers.ts'
import { startFlux } from '../flux/flux.ts'
import { readTree } from '../flux/tree.ts'
import { type FileChanges, type GitServer, startGitServer } from '../git-server.ts'
import { freePorts } from '../ports.ts'
import { type SealedSecrets, sealingPrograms, startSealedSecrets } from '../sealed-secrets/sealed-secrets.ts'
import { argoSettings, usersOf } from './settings.ts'
import { standInChart, standIns } from './stand-ins.ts'

export interface PlatformOptions {
  env: NodeJS.ProcessEnv
  /** The Node that runs what we have in TypeScript. */
  execPath: string
  log: Logger
  /** Told in half a sentence what takes its time. */
  onProgress?: (line: string) => void
}

export interface Platform {
  git: GitServer
  /** What is in git from the start. */
  files: FileChanges
  argocd: ArgoCd
  /** The password of each local user of Argo CD. */
  passwords: Record<string, string>
  provider: Provider
  packages: Packages
  sealedSecrets: SealedSecrets
  /** Where the API server looks for the operator's webhooks. */
  webhookUrl: string
  /** Applies the one object from which Flux builds all the rest. */
  bootstrap (): Promise<void>
  /** Ends all processes and removes what they kept. Do so before the plane stops. */
  stop (): Promise<void>
}

const root = join(import.meta.dirname, '../..')
const overlay = 'local/flux/overlay/staging'

/** Finds, or builds, all programs of the platform: 15 minutes the first time. */
export async function preparePlatform (env: NodeJS.ProcessEnv, onProgress?: (line: string) => void): Promise<void> {
  await findBinaries([...controllers, ...argoPrograms, ...sealingPrograms, ...crossplanePrograms], { env, onProgress })
  await findFunction(env, onProgress)
}

/** Starts all processes; nothing is reconciled before `bootstrap`. Errors are those of the starters. */
export async function startPlatform (plane: PlaneAccess, options: PlatformOptions): Promise<Platform> {
  const { env, execPath, log } = options
  const stops: Array<() => Promise<void>> = []
  const started = async <T extends { stop: () => Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const part = await starting
    stops.push(() => part.stop())
    return part
  }
  const stop = async () => { await Promise.all(stops.splice(0).map(stop => stop())) }
  try {
    const files = await treeOf(env)
    const settings = argoSettings(files['deploy/infra/argocd/helm-release.yaml'] ?? '')
    const passwords = Object.fromEntries(usersOf(settings).map(user => [user, randomBytes(12).toString('base64url')]))
    const parts = [
      started(startGitServer({ env, within: plane.dir })),
      started(startFlux(plane, options)),
      started(startArgoCd(plane, { ...options, settings, passwords })),
      started(startCrossplane(plane, { ...options, execPath })),
      started(startProvider(plane, log)),
      started(startSealedSecrets(plane, options))
    ] as const
    // What is still being started when another fails has to be stopped too.
    await Promise.allSettled(parts)
    const [git, , argocd, , provider, sealedSecrets] = await Promise.all(parts)
    const packages = await started(Promise.resolve(startPackages(plane, log)))
    await git.push(files)
    const [port = 0] = await freePorts(1)
    const webhookUrl = `https://127.0.0.1:${port}`
    return {
      git,
      files,
      argocd,
      passwords,
      provider,
      packages,
      sealedSecrets,
      webhookUrl,
      bootstrap: () => bootstrap(plane, { git_url: git.url, webhook_url: webhookUrl }),
      stop
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function treeOf (env: NodeJS.ProcessEnv): Promise<FileChanges> {
  const charts = await Promise.all(standIns.map(async name => standInChart(name, await readFile(await findCrds(name, { env }), 'utf8'))))
  return Object.assign(await readTree(root, ['deploy', 'local/flux/overlay']), ...charts) as FileChanges
}

/** As a person would, but for the two addresses, which Flux itself puts in from then on. */
async function bootstrap (plane: PlaneAccess, variables: Record<string, string>): Promise<void> {
  const rendered = await plane.kubectl(['kustomize', '--load-restrictor=LoadRestrictionsNone', join(root, overlay)])
  const filled = Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(`\${${name}}`, value), rendered)
  const items = parseAllDocuments(filled).map(document => document.toJS() as { kind: string, metadata: { name: string } })
    .filter(({ kind, metadata }) => kind === 'GitRepository' || metadata.name === 'cluster')
  await plane.kubectl(['apply', '--server-side', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}
