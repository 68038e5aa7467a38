// moto, an emulator of AWS by others, as a process of its own: https://docs.getmoto.org/en/latest/docs/server_mode.html
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGuard } from '../guard.ts'
import { freePorts } from '../ports.ts'
import { type ComponentProcess, startProcess } from '../process.ts'
import { findPython, type PythonOptions } from '../python.ts'

export interface Moto {
  /** `http://127.0.0.1:PORT`: for AWS_ENDPOINT_URL. */
  endpoint: string
  /** Ends the process and removes what it left. */
  stop (): Promise<void>
}

const requirements = join(import.meta.dirname, 'requirements.txt')

/**
 * Starts a moto that has no resources yet. When our process ends without `stop`, a watchdog clears up.
 *
 * The first time ever it is installed, which takes a minute (see findPython, and its errors). Rejects with the end of its log when
 * it does not start.
 */
export async function startMoto (options: PythonOptions): Promise<Moto> {
  const python = await findPython('moto', requirements, options)
  for (let tries = 1; ; tries++) {
    try {
      return await tryStart(python, options.env)
    } catch (error) {
      if (tries === 3 || !/address already in use/i.test(String(error))) throw error
    }
  }
}

async function tryStart (python: string, { PATH, HOME }: NodeJS.ProcessEnv): Promise<Moto> {
  const [port = 0] = await freePorts(1)
  const dir = await mkdtemp(join(tmpdir(), 'topicten-moto-'))
  const env = { PATH, HOME, MOTO_ACCOUNT_ID: '123456789012' }
  const guard = startGuard(dir, env)
  const endpoint = `http://127.0.0.1:${port}`
  let server: ComponentProcess | undefined
  const stop = async () => {
    await server?.end('SIGTERM', 5000)
    await guard.dismiss()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const args = ['-I', '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]
    server = await startProcess({ name: 'moto', file: python, args, env, dir, guard })
    await server.ready(() => isMoto(endpoint))
    return { endpoint, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function isMoto (endpoint: string): Promise<boolean> {
  const response = await fetch(`${endpoint}/moto-api/data.json`, { signal: AbortSignal.timeout(5000) })
  await response.arrayBuffer()
  return response.ok
}
