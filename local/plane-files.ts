// Writes the files a plane starts from into its directory: keys and certificates, who may come in, what is audited.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { PlaneAddress } from './access.ts'
import { auditPolicy } from './audit.ts'
import { makeCertificates } from './certificates.ts'
import { files } from './components.ts'
import { writeKubeconfig } from './kubeconfig.ts'

/** Writes all of `files` but the logs for a plane whose API server will be at `server` and `addresses`, with keys made at `now`. */
export async function writePlaneFiles (dir: string, server: string, addresses: string[], now: number): Promise<Omit<PlaneAddress, 'hostAddress'>> {
  const certificates = await makeCertificates(now, addresses)
  const token = randomBytes(16).toString('hex')
  const contents = {
    [files.caCertificate]: certificates.caCertificate,
    [files.caKey]: certificates.caKey,
    [files.serverCertificate]: certificates.serverCertificate,
    [files.serverKey]: certificates.serverKey,
    [files.kubeletClientCertificate]: certificates.kubeletClientCertificate,
    [files.kubeletClientKey]: certificates.kubeletClientKey,
    [files.serviceAccountKey]: certificates.serviceAccountKey,
    // token, user, uid, groups: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
    [files.tokens]: `${token},admin,admin,system:masters\n`,
    [files.auditPolicy]: JSON.stringify(auditPolicy)
  }
  await Promise.all(Object.entries(contents).map(([name, content]) => writeFile(`${dir}/${name}`, content, { mode: 0o600 })))
  const kubeconfig = await writeKubeconfig(`${dir}/${files.adminKubeconfig}`, {
    server, caData: certificates.caCertificate, user: { token }
  })
  return { dir, server, caData: certificates.caCertificate, kubeconfig }
}
