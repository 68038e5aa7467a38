// Which pods and log streams are a TopicTen's: names alone tell, for the pods are gone when they are read about.

/** Longest beginning of a generated name; five random characters follow it. */
// https://github.com/kubernetes/apiserver/blob/v0.36.3/pkg/storage/names/generate.go
const maxBeginning = 58

/** Whether a Deployment of this name makes pods so called: `NAME-HASH-xxxxx`, its beginning cut at 58 characters. */
export function isPodOf (name: string, pod: string): boolean {
  const start = `${name}-`.slice(0, maxBeginning)
  if (!pod.startsWith(start)) return false
  const rest = pod.slice(start.length)
  if (/^[a-z0-9]{1,10}-[a-z0-9]{5}$/.test(rest)) return true
  return pod.length === maxBeginning + 5 && /^[a-z0-9]{5,15}$/.test(rest)
}

/** What all pods of a TopicTen begin with: for requests that take a prefix. */
export function podPrefix (name: string): string {
  return `${name}-`.slice(0, maxBeginning)
}

/** The pod of a log stream `NAMESPACE/POD/ADDRESS`; undefined when it is not one of this TopicTen's. */
export function podOfStream (stream: string, namespace: string, name: string): string | undefined {
  const [first, pod, address, ...more] = stream.split('/')
  if (first !== namespace || pod === undefined || !address || more.length > 0) return undefined
  return isPodOf(name, pod) ? pod : undefined
}
