// The audit log of a plane: which requests it keeps how much of, and what it kept.
import { readFile } from 'node:fs/promises'

/** One entry, in the words of https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event. */
export interface AuditEvent {
  level: 'Metadata' | 'Request' | 'RequestResponse'
  auditID: string
  stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  requestURI: string
  verb: string
  /** Empty for one who was turned away as unknown (401). */
  user: { username?: string, groups?: string[] }
  userAgent?: string
  objectRef?: {
    resource: string, subresource?: string, namespace?: string, name?: string, apiGroup?: string, apiVersion?: string
  }
  responseStatus?: { code: number, reason?: string, message?: string }
  requestObject?: unknown
  responseObject?: unknown
  /** With microseconds: string order is time order. */
  requestReceivedTimestamp: string
  stageTimestamp: string
  annotations?: Record<string, string>
}

const writes = ['create', 'update', 'patch', 'delete', 'deletecollection']

/** Metadata of everything; bodies too where tests count and compare writes. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'RequestResponse',
      verbs: writes,
      resources: [
        { group: 'apps', resources: ['deployments', 'deployments/*'] },
        { group: 'app.lyc-handson-aws.com', resources: ['topictens', 'topictens/*'] }
      ]
    },
    { level: 'Request', verbs: writes, resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    { level: 'Metadata' }
  ]
}

/** The entries of the log at `path`, oldest first. A last line that is still being written is left out. */
export async function readAuditLog (path: string): Promise<AuditEvent[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.slice(0, -1).map(line => JSON.parse(line) as AuditEvent)
}
