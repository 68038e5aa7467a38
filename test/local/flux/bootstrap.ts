import t from 'tap'
import { bootstrapObjects } from '../../../local/flux/bootstrap.ts'

await t.test('each step is a Kustomization of one GitRepository, with what its variables stand for', async t => {
  const sourceRef = { kind: 'GitRepository', name: 'flux-system' }
  t.match(bootstrapObjects('http://127.0.0.1:1/repository.git', [{ name: 'a', path: './a' }, { name: 'b', path: './b', variables: { x: 'y' } }]), [
    { kind: 'GitRepository', metadata: { name: 'flux-system', namespace: 'flux-system' }, spec: { url: 'http://127.0.0.1:1/repository.git', ref: { branch: 'main' } } },
    { kind: 'Kustomization', metadata: { name: 'a' }, spec: { sourceRef, path: './a', prune: true, postBuild: { substitute: {} } } },
    { kind: 'Kustomization', metadata: { name: 'b' }, spec: { sourceRef, path: './b', prune: true, postBuild: { substitute: { x: 'y' } } } }
  ])
})
