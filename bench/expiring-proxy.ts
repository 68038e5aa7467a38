// A proxy before the API server that ends the watches of TopicTens as an API server does that has forgotten their version, and notes
// when the list that follows is read.
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { plural } from '../api/names.ts'
import { makeCertificates } from '../local/certificates.ts'
import { clockMs } from './clock.ts'

export interface ExpiringProxy {
  /** Path of a copy of the kubeconfig that leads through the proxy. */
  kubeconfig: string
  /** The lists read so far: from the first request until the client watches on. */
  lists: { fromMs: number, toMs: number }[]
  /** Sends a 410 into every watch of TopicTens: their clients must list anew. */
  expire (): void
  close (): Promise<void>
}

interface Config {
  clusters: { cluster: Record<string, unknown> & { server: string } }[]
}

const gone = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'too old resource version', reason: 'Expired', code: 410 }
})
/** A list may come as the beginning of a watch: https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists */
const initialEnd = 'k8s.io/initial-events-end'

/** `kubeconfig` is one (JSON) of `local/`; `path` is where the copy goes. */
export async function startExpiringProxy (kubeconfig: string, path: string): Promise<ExpiringProxy> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as Config
  const [{ cluster } = { cluster: { server: '' } }] = config.clusters
  const target = new URL(cluster.server)
  const agent = new Agent({ ca: Buffer.from(String(cluster['certificate-authority-data']), 'base64').toString(), keepAlive: true })
  const { caCertificate, serverCertificate, serverKey } = await makeCertificates(Date.now())
  const watches = new Set<ServerResponse>()
  const lists: ExpiringProxy['lists'] = []
  let fromMs: number | undefined

  function endList (): void {
    if (fromMs !== undefined) lists.push({ fromMs, toMs: clockMs() })
    fromMs = undefined
  }

  function begin (url: URL): void {
    if (isWatch(url) && !isStreamingList(url)) endList()
    else fromMs ??= clockMs()
  }

  function follow (url: URL, answer: ServerResponse, found: IncomingMessage): void {
    if (!isWatch(url)) return
    watches.add(answer)
    answer.on('close', () => { watches.delete(answer) })
    if (isStreamingList(url)) found.on('data', (bytes: Buffer) => { if (bytes.includes(initialEnd)) endList() })
  }

  const server = createServer({ cert: serverCertificate, key: serverKey }, (incoming, answer) => {
    const url = new URL(incoming.url ?? '/', target)
    const isOurs = url.pathname.endsWith(`/${plural}`) && incoming.method === 'GET'
    if (isOurs) begin(url)
    const outgoing = request(url, { method: incoming.method, agent, headers: incoming.headers }, found => {
      answer.writeHead(found.statusCode ?? 502, found.headers).flushHeaders()
      if (isOurs) follow(url, answer, found)
      found.pipe(answer)
      found.on('error', () => { answer.destroy() })
    })
    outgoing.on('error', () => { answer.destroy() })
    answer.on('close', () => { outgoing.destroy() })
    incoming.pipe(outgoing)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  Object.assign(cluster, {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'certificate-authority-data': Buffer.from(caCertificate).toString('base64')
  })
  await writeFile(path, JSON.stringify(config), { mode: 0o600 })
  return {
    kubeconfig: path,
    lists,
    expire () {
      for (const answer of watches) answer.end(`${gone}\n`)
      watches.clear()
    },
    async close () {
      server.closeAllConnections()
      agent.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}

function isWatch (url: URL): boolean {
  return ['true', '1'].includes(url.searchParams.get('watch') ?? '')
}

function isStreamingList (url: URL): boolean {
  return url.searchParams.get('sendInitialEvents') === 'true'
}
