import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { platform, userInfo } from 'node:os'
import t from 'tap'
import { packages, requireFor } from '../../local/requirements.ts'

const unfit = platform() !== 'linux' ? 'needs Linux' : userInfo().uid !== 0 ? 'needs root' : undefined

await t.test('a machine of another kind, or another user than root, is told so', { skip: unfit ? false : 'we are root on Linux' }, async t => {
  await t.rejects(requireFor('nodes', {}), { name: 'RequirementError', message: unfit! })
})

await t.test('a program that is missing is told by its package', async t => {
  await t.rejects(requireFor('argocd', { PATH: t.testdir() }), {
    name: 'RequirementError', message: /^Argo CD needs packages that are missing here: apt-get install redis-server redis-tools git$/
  })
})

await t.test('with all programs there, nothing is said', { skip: unfit ?? false }, async t => {
  const dir = t.testdir()
  await mkdir(`${dir}/bin`)
  for (const program of Object.keys({ ...packages.nodes, ...packages.images })) {
    await writeFile(`${dir}/bin/${program}`, '')
    await chmod(`${dir}/bin/${program}`, 0o755)
  }
  await t.resolves(requireFor('nodes', { PATH: `${dir}/bin` }))
  await t.resolves(requireFor('images', { PATH: `${dir}/bin` }))
})
