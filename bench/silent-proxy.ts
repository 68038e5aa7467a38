// A TCP relay that can lose its connections without a word, as a firewall does that forgets them: both ends go on believing in them.
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SilentProxy {
  /** Path of a copy of the kubeconfig that leads through the relay. */
  kubeconfig: string
  /** No byte passes any more on the connections that are open now; new ones work. */
  forget (): void
  close (): Promise<void>
}

/** Starts a relay before the API server that a kubeconfig (JSON, as `local/` writes it) names. `path` is where the copy goes. */
export async function startSilentProxy (kubeconfig: string, path: string): Promise<SilentProxy> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] }
  const target = new URL(config.clusters[0]?.cluster.server ?? '')
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => { to.destroy() }).on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const { cluster } of config.clusters) cluster.server = `https://127.0.0.1:${port}`
  await writeFile(path, JSON.stringify(config), { mode: 0o600 })
  return {
    kubeconfig: path,
    forget () {
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    async close () {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}
