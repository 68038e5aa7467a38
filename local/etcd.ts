// The few calls we make to etcd itself, over its JSON gateway (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/).

/** True when the etcd at `url` is the one whose member is called `member` and it answers. */
export async function isEtcdReady (url: string, member: string): Promise<boolean> {
  const { members } = await call(url, '/v3/cluster/member/list', {}) as { members?: { name?: string }[] }
  return members?.some(({ name }) => name === member) ?? false
}

/** Forgets all history before now. Gives the revision that is the oldest one known from here on. */
export async function compactEtcd (url: string): Promise<number> {
  // Any key will do, even one that does not exist: the revision is in the answer's header.
  const { header } = await call(url, '/v3/kv/range', { key: btoa('/'), keys_only: true }) as { header: { revision: string } }
  await call(url, '/v3/kv/compaction', { revision: header.revision, physical: true })
  return Number(header.revision)
}

async function call (url: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}: ${text}`)
  return JSON.parse(text)
}
