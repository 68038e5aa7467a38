// A git server as plain HTTP on this machine, for those who reconcile what is in git: git itself answers, one repository is served.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { answerAsCgi } from './cgi.ts'
import { runCommand } from './command.ts'

/** Paths with their contents; without one the file goes. */
export type FileChanges = Record<string, string | undefined>

export interface GitServer {
  /** http://127.0.0.1:PORT/repository.git, to clone from and to push to; its branch is `main`. */
  url: string
  /**
   * Commits changed files on `main`, even if they are what they were, and pushes the commit to `url`. Gives its id. Calls are
   * obeyed in their order. Rejects with git's own words.
   */
  push (files: FileChanges, message?: string): Promise<string>
  /** Ends all connections and removes what was pushed. */
  stop (): Promise<void>
}

export interface GitServerOptions {
  env: NodeJS.ProcessEnv
  /** The folder in which it makes one of its own. */
  within: string
}

const branch = 'main'
const repository = 'repository.git'

/** Starts a git server with an empty repository. Rejects with code ENOENT when there is no git on the PATH. */
export async function startGitServer ({ env, within }: GitServerOptions): Promise<GitServer> {
  const dir = await mkdtemp(join(within, 'git-'))
  const gitEnv = gitEnvironment(dir, env)
  const git = (cwd: string, ...args: string[]) => runCommand('git', args, { cwd, env: gitEnv })
  try {
    await git(dir, 'init', '--quiet', '--bare', `--initial-branch=${branch}`, repository)
    await git(join(dir, repository), 'config', 'http.receivepack', 'true')
  } catch (error) {
    await rm(dir, { recursive: true })
    throw error
  }
  const server = createServer((request, response) => { answer(request, response, dir, gitEnv) })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${repository}`
  const tree = join(dir, 'tree')
  await git(dir, 'clone', '--quiet', url, tree)

  async function commit (files: FileChanges, message: string): Promise<string> {
    for (const [path, content] of Object.entries(files)) await change(join(tree, path), content)
    await git(tree, 'add', '--all')
    await git(tree, 'commit', '--quiet', '--allow-empty', `--message=${message}`)
    await git(tree, 'push', '--quiet', 'origin', branch)
    return (await git(tree, 'rev-parse', 'HEAD')).trim()
  }

  let last: Promise<unknown> = Promise.resolve()
  return {
    url,
    push (files, message = 'Change files') {
      const pushed = last.catch(() => {}).then(() => commit(files, message))
      last = pushed
      return pushed
    },
    async stop () {
      await last.catch(() => {})
      server.close()
      server.closeAllConnections()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** Of the person's own configuration nothing: no hooks, no signatures, no credentials. */
function gitEnvironment (dir: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const author = { NAME: 'topicten', EMAIL: 'topicten@localhost' }
  return {
    PATH: env['PATH'],
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...Object.fromEntries(Object.entries(author).flatMap(([key, value]) => [[`GIT_AUTHOR_${key}`, value], [`GIT_COMMITTER_${key}`, value]]))
  }
}

async function change (path: string, content: string | undefined): Promise<void> {
  if (content === undefined) return rm(path, { force: true })
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

/** What git asks of a web server: https://git-scm.com/docs/git-http-backend */
function answer (request: IncomingMessage, response: ServerResponse, dir: string, env: NodeJS.ProcessEnv): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const { headers } = request
  const child = spawn('git', ['http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: dir,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: headers['content-type'] ?? '',
      ...(headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: headers['content-length'] }),
      ...(headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
      GIT_PROTOCOL: String(headers['git-protocol'] ?? '')
    },
    stdio: ['pipe', 'pipe', 'ignore']
  })
  // One who hangs up is nobody's fault.
  child.stdin.on('error', () => {})
  request.pipe(child.stdin)
  response.on('close', () => child.kill())
  answerAsCgi(child, response)
}
