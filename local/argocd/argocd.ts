// Argo CD as processes beside a plane that runs: a Redis, the repository server, the application controller and the API server.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PlaneAccess, planeEnvironment } from '../access.ts'
import { findBinaries, findCrds } from '../binaries.ts'
import { runCommand } from '../command.ts'
import { applyCrds } from '../crds.ts'
import { type FleetMember, startFleet } from '../fleet.ts'
import { freePorts } from '../ports.ts'
import { onFreshPorts } from '../process.ts'
import { requireFor } from '../requirements.ts'
import {
  type ArgoPorts, type Component, argoEnvironment, argoNamespace, componentArguments, components, healthUrls, redisConfiguration
} from './components.ts'
import { type ArgoSession, logIn } from './session.ts'
import { type ArgoSettings, settingsObjects } from './settings.ts'

export interface ArgoOptions {
  env: NodeJS.ProcessEnv
  settings: ArgoSettings
  /** The local users of `settings` who may log in, with the passwords they get. */
  passwords: Record<string, string>
  /** Told in half a sentence what takes its time. */
  onProgress?: (line: string) => void
}

export interface ArgoCd {
  /** http://127.0.0.1:PORT of its page and its API. */
  url: string
  /** Rejects for one who is not among the options' passwords. */
  logIn (user: string): Promise<ArgoSession>
  /** What a component has logged so far. */
  log (component: Component): Promise<string>
  /** Ends the processes and removes what they kept. Do so before the plane stops. */
  stop (): Promise<void>
}

/** The programs of Argo CD, and those that it runs. */
export const argoPrograms = ['argocd', 'helm', 'kustomize'] as const

type Programs = Record<typeof argoPrograms[number], string>

/**
 * Gives the plane Argo CD's CRDs, namespace and settings and starts its processes, with an administrator's rights as in its own
 * manifests. Resolves when all are ready. When our process ends without `stop`, a watchdog clears up. Errors are those of
 * requireFor, of findBinary and of ComponentProcess.ready (process.ts).
 */
export async function startArgoCd (plane: PlaneAccess, options: ArgoOptions): Promise<ArgoCd> {
  await requireFor('argocd', options.env)
  const programs = await findBinaries([...argoPrograms], options)
  await applySettings(plane, programs, options)
  return await onFreshPorts(() => startProcesses(plane, programs, options))
}

async function applySettings (plane: PlaneAccess, { argocd }: Programs, { env, settings, passwords }: ArgoOptions): Promise<void> {
  await applyCrds(plane, [await findCrds('argocd', { env })])
  const hashes = await Promise.all(Object.entries(passwords).map(async ([user, password]) =>
    [user, (await runCommand(argocd, ['account', 'bcrypt', '--password', password], { env: planeEnvironment(plane.dir, env) })).trim()]))
  const secrets = { serverKey: randomBytes(32).toString('base64'), hashes: Object.fromEntries(hashes) as Record<string, string> }
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: argoNamespace } }, ...settingsObjects(settings, secrets, Date.now())
  ]
  await plane.kubectl(['apply', '--server-side', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

async function startProcesses (plane: PlaneAccess, programs: Programs, { env, passwords, onProgress }: ArgoOptions): Promise<ArgoCd> {
  const dir = await mkdtemp(join(plane.dir, 'argocd-'))
  const redisPassword = randomBytes(16).toString('hex')
  const argoEnv = {
    ...planeEnvironment(dir, env),
    PATH: `${await toolFolder(dir, programs)}:${env['PATH']}`,
    KUBECONFIG: await ownKubeconfig(dir, plane),
    ...argoEnvironment(dir, redisPassword)
  }
  const fleet = startFleet<Component>(dir, argoEnv)
  const stop = async () => {
    await fleet.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const [redis = 0, repoServer = 0, repoServerMetrics = 0, controllerMetrics = 0, server = 0, serverMetrics = 0] = await freePorts(6)
  const ports: ArgoPorts = { redis, repoServer, repoServerMetrics, controllerMetrics, server, serverMetrics }
  await writeFile(join(dir, 'redis.conf'), redisConfiguration(dir, redis, redisPassword), { mode: 0o600 })
  onProgress?.('starting Argo CD')
  try {
    const start = (name: Component) => fleet.start(member(name, dir, ports, programs, argoEnv))
    await start('redis')
    await Promise.all(components.filter(name => name !== 'redis').map(start))
  } catch (error) {
    await stop()
    throw error
  }
  const url = `http://127.0.0.1:${server}`
  return {
    url,
    async logIn (user) {
      const password = passwords[user]
      if (password === undefined) throw new Error(`${user} has no password; those who have are ${Object.keys(passwords).join(', ')}`)
      return logIn(user, password, { url, argocd: programs.argocd, env: argoEnv })
    },
    log: name => readFile(join(dir, `${name}.log`), 'utf8'),
    stop
  }
}

function member (name: Component, dir: string, ports: ArgoPorts, { argocd }: Programs, env: NodeJS.ProcessEnv): FleetMember<Component> {
  const args = componentArguments(dir, ports)[name]
  if (name === 'redis') {
    const isReady = async () => (await runCommand('redis-cli', ['-p', String(ports.redis), 'ping'], {
      env: { ...env, REDISCLI_AUTH: env['REDIS_PASSWORD'] }
    })).trim() === 'PONG'
    return { name, file: 'redis-server', args, isReady }
  }
  const health = healthUrls(ports)[name]
  // One program that is what it is called.
  return { name, file: argocd, args, env: { ...env, ARGOCD_BINARY_NAME: name }, isReady: async () => (await fetch(health)).ok }
}

/** A folder with the programs that Argo CD runs by their names. */
async function toolFolder (dir: string, { helm, kustomize }: Programs): Promise<string> {
  const folder = join(dir, 'bin')
  await mkdir(folder)
  await symlink(helm, join(folder, 'helm'))
  await symlink(kustomize, join(folder, 'kustomize'))
  // It asks for the signature of each revision, even where no project demands one; an empty answer is that of one without.
  const verify = join(folder, 'git-verify-wrapper.sh')
  await writeFile(verify, '#!/bin/sh\nexit 0\n')
  await chmod(verify, 0o755)
  return folder
}

/** An administrator's, in the namespace in which Argo CD looks for its own objects. */
async function ownKubeconfig (dir: string, plane: PlaneAccess): Promise<string> {
  const path = join(dir, 'kubeconfig')
  const content = JSON.parse(await readFile(plane.kubeconfig, 'utf8')) as { contexts: Array<{ context: object }> }
  for (const { context } of content.contexts) Object.assign(context, { namespace: argoNamespace })
  await writeFile(path, JSON.stringify(content), { mode: 0o600 })
  return path
}
