// The few calls we make to etcd itself, over its JSON gateway (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/).

/** True when the etcd at `url` is the one whose member is called `member` and it answers. */
export async function isEtcdReady (url: string, member: string): Promise<boolean> {
  const { members } = await call(url, '/v3/cluster/member/list', {}) as { members?: { name?: string }[] }
  return members?.some(({ name }) => name === member) ?? false
}

/**
 * Forgets all history: from here on a watch is refused unless it has seen the last change. Gives the revision that is
 * the oldest one known.
 */
export async function compactEtcd (url: string): Promise<number> {
  // A change of our own, outside of what Kubernetes keeps (/registry): the last change before it is history then too.
  const { header } = await call(url, '/v3/kv/put', { key: btoa('/topicten/compaction') }) as { header: { revision: string } }
  await call(url, '/v3/kv/compaction', { revision: header.revision, physical: true })
  return Number(header.revision)
}

async function call (url: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}: ${text}`)
  return JSON.parse(text)
}
