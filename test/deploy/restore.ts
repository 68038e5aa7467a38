// The runbook's way to back up and restore, in the middle of a countdown, with the webhooks at work.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { KubernetesObject } from '@kubernetes/client-node'
import { topicTenLabel } from '../../api/names.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { runOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

interface List { items: Array<KubernetesObject & { status?: unknown }> }

/** What the runbook's jq takes out. */
function portable (json: string, ...more: string[]): string {
  const list = JSON.parse(json) as List
  const items = list.items.map(({ status: _, metadata, ...object }) => ({
    ...object,
    metadata: Object.fromEntries(Object.entries(metadata!).filter(([field]) =>
      !['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', ...more].includes(field)))
  }))
  return JSON.stringify({ ...list, items })
}

t.test('a countdown that is restored goes on from where it was when it was backed up', async t => {
  const plane = await sharedControlPlane(t)
  const stage = await stageWebhooks(t, plane)
  const watcher = await watchNamespace(t, plane, stage.namespace)
  const operator = await runOperator(t, { ...stage.environment, COUNTDOWN_INTERVAL_SECONDS: '2' })
  await untilReady(operator.url)
  const kubectl = (...args: string[]) => plane.kubectl([`--namespace=${stage.namespace}`, ...args])
  await plane.kubectl(['create', `--namespace=${stage.namespace}`, '--filename=-'], JSON.stringify(manifest('alpha')))
  await watcher.until('two steps', () => watcher.replicas('alpha').at(-1) === 3)

  const dir = t.testdir({})
  const deployments = await kubectl('get', 'deployments', `--selector=${topicTenLabel}`, '--output=json')
  await writeFile(join(dir, 'deployments.json'), portable(deployments, 'ownerReferences'))
  await writeFile(join(dir, 'topictens.json'), portable(await kubectl('get', 'topictens', '--output=json')))
  const then = (JSON.parse(deployments) as { items: Array<{ spec: { replicas: number } }> }).items[0]!.spec.replicas
  await kubectl('delete', 'topicten', 'alpha')
  // The garbage collector looks for new kinds twice a minute only.
  await kubectl('delete', 'deployment', 'alpha', '--ignore-not-found')
  await watcher.until('nothing is left', () => watcher.deployments.get(`${stage.namespace}/alpha`) === undefined)
  const seen = watcher.replicas('alpha').length

  await kubectl('create', `--filename=${join(dir, 'deployments.json')}`, `--filename=${join(dir, 'topictens.json')}`)
  await watcher.until('it is at one', () => watcher.replicas('alpha').length > seen && watcher.replicas('alpha').at(-1) === 1)
  const after = watcher.replicas('alpha').slice(seen)
  t.ok(after.every(replicas => replicas <= then), `from ${then}: ${after.join(', ')}`)
  await watcher.until('its pods are there', () => watcher.condition('alpha', 'Ready')?.status === 'True')
})
