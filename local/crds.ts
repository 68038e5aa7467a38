// Makes CRDs known to a plane and waits until it serves them.
import { setTimeout as delay } from 'node:timers/promises'
import type { PlaneAccess } from './access.ts'

/** `crds` are files, or objects. Rejects with kubectl's words when one is refused, or not served after half a minute. */
export async function applyCrds ({ kubectl }: Pick<PlaneAccess, 'kubectl'>, crds: string[] | object[]): Promise<void> {
  const files = crds.filter(crd => typeof crd === 'string')
  const input = files.length > 0 ? undefined : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: crds })
  const which = files.length > 0 ? files.map(file => `--filename=${file}`) : ['--filename=-']
  await kubectl(['apply', '--server-side', ...which], input)
  for (let tries = 1; ; tries++) {
    try {
      await kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...which], input)
      return
    } catch (error) {
      // kubectl does not wait for a CRD that has no conditions at all yet.
      if (tries === 20 || !String(error).includes('accessor error')) throw error
      await delay(100)
    }
  }
}
