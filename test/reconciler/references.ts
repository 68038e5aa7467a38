// TopicTens that say where their ARNs are found, on a real API server: what they wait for, what they get, and what a change does.
import t from 'tap'
import { storageForm } from '../../api/storage-arn.ts'
import { applyCrds } from '../../local/crds.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { managed, readable, referring, standInCrd, toKey, toObject } from '../fixtures/referred.ts'
import { startStage } from '../fixtures/stage.ts'
import { goodSpec } from '../fixtures/topicten.ts'

const table = 'arn:aws:dynamodb:eu-west-3:111122223333:table/messages'
const secretText = 'nobody-may-read-this'

await t.test('references', async t => {
  const plane = await privateControlPlane(t, { audit: true })
  await applyCrds(plane, [standInCrd('Box'), standInCrd('Hidden'), standInCrd('Whole', 'Cluster')])
  await plane.kubectl(['create', '--filename=-'], JSON.stringify(readable('boxes', ['boxs', 'laters', 'wholes'])))
  const { watcher, kubectl, requests, operator } = await startStage(t, { COUNTDOWN_INTERVAL_SECONDS: '600' }, { plane })
  const { condition, topicTen, deployments } = watcher
  const stageNamespace = (await kubectl(['get', 'serviceaccounts', '--output=jsonpath={.items[0].metadata.namespace}']))
  const create = (manifest: string) => kubectl(['create', '--filename=-'], manifest)
  const setStatus = (kind: string, name: string, status: object) =>
    kubectl(['patch', `${kind.toLowerCase()}s.aws.example.com`, name, '--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`])
  const make = async (kind: string, name: string, status: object) => {
    await create(JSON.stringify(managed(kind, name, {})))
    await setStatus(kind, name, status)
  }
  const verdict = (name: string) => {
    const found = condition(name, 'ArnsResolved')
    return found && `${found.status} ${found.reason} ${found.message}`
  }
  const templateOf = (name: string) => deployments.get(`${stageNamespace}/${name}`)?.spec?.template

  await t.test('nothing is made until the last ARN is there, and each field says what it waits for', async t => {
    await create(referring('first', { targetarn: toObject('Box', 'table'), kmsarn: toKey('arns', 'kmsarn') }))
    await watcher.until('it waits', () => condition('first', 'Ready')?.reason === 'WaitingForArns')
    t.equal(verdict('first'), `False NotFound spec.targetarnFrom: there is no Box.aws.example.com "table" in the namespace ${stageNamespace}; ` +
      `spec.kmsarnFrom: there is no ConfigMap "arns" in the namespace ${stageNamespace}`)
    t.match(condition('first', 'Reconciling'), { status: 'True' })
    await make('Box', 'table', { atProvider: { id: 'x' } })
    await watcher.until('one is without its ARN', () => verdict('first')?.includes('has nothing at status.atProvider.arn') === true)
    await kubectl(['create', 'configmap', 'arns', `--from-literal=kmsarn=${goodSpec.kmsarn}`])
    await watcher.until('one is found', () => verdict('first')?.includes('kmsarnFrom') === false)
    t.strictSame(watcher.replicas('first'), [])
    await setStatus('Box', 'table', { atProvider: { arn: table } })
    await watcher.until('its Deployment', () => watcher.replicas('first').length > 0)
    await watcher.until('ready', () => condition('first', 'Ready')?.status === 'True')
    const { kmsarn, cloudwatcharn } = goodSpec
    t.strictSame(topicTen('first')?.status?.resolved, { targetarn: table, kmsarn, cloudwatcharn, region: 'eu-west-3' })
    t.match(verdict('first'), /^True Resolved/)
  })

  await t.test('an ARN that changes rolls the pods once; one that is said again does not', async t => {
    const generation = () => Number(deployments.get(`${stageNamespace}/first`)?.metadata?.generation)
    const before = generation()
    await setStatus('Box', 'table', { atProvider: { arn: `${table}-2` } })
    await watcher.until('the new ARN', () => topicTen('first')?.status?.resolved?.targetarn === `${table}-2`)
    await watcher.until('the new template', () => generation() > before)
    await setStatus('Box', 'table', { atProvider: { arn: `${table}-2`, id: 'y' } })
    await watcher.until('ready again', () => condition('first', 'Ready')?.status === 'True')
    t.equal(generation(), before + 1)
  })

  await t.test('an ARN that turns into something else stalls, is never told, and the pods keep the last good one', async t => {
    const template = JSON.stringify(templateOf('first'))
    await setStatus('Box', 'table', { atProvider: { arn: secretText } })
    await watcher.until('stalled', () => condition('first', 'Stalled')?.reason === 'InvalidArn')
    t.equal(condition('first', 'Stalled')?.message, 'spec.targetarnFrom: Box.aws.example.com "table" has at status.atProvider.arn a text of 20 characters, ' +
      `which is no ARN of ${storageForm.what}; expected ${storageForm.form}`)
    t.match(verdict('first'), /^False NotAnArn/)
    t.equal(topicTen('first')?.status?.resolved?.targetarn, `${table}-2`)
    t.equal(JSON.stringify(templateOf('first')), template)
    await setStatus('Box', 'table', { atProvider: { arn: `${table}-2` } })
    await watcher.until('mended', () => condition('first', 'Stalled') === undefined && condition('first', 'Ready')?.status === 'True')
  })

  await t.test('an object that vanishes stalls with its name, and all goes on when it is back', async t => {
    await kubectl(['delete', 'boxs.aws.example.com', 'table'])
    await watcher.until('stalled', () => condition('first', 'Stalled')?.reason === 'ArnVanished')
    t.match(condition('first', 'Stalled')?.message, /^spec\.targetarnFrom: there is no Box\.aws\.example\.com "table"/)
    t.equal(watcher.replicas('first').at(-1), 5)
    await make('Box', 'table', { atProvider: { arn: `${table}-2` } })
    await watcher.until('back', () => condition('first', 'Ready')?.status === 'True' && condition('first', 'Stalled') === undefined)
  })

  await t.test('another path, a kind that nobody may read, that is nowhere, or of the whole cluster: each waits with its own words', async t => {
    await create(referring('path', { targetarn: toObject('Box', 'table', 'status.elsewhere') }))
    await create(referring('hidden', { targetarn: toObject('Hidden', 'x') }))
    await create(referring('nowhere', { targetarn: toObject('Later', 'x') }))
    await create(referring('whole', { targetarn: toObject('Whole', 'x') }))
    const expected: Record<string, string> = {
      path: 'False NotFound spec.targetarnFrom: Box.aws.example.com "table" has nothing at status.elsewhere',
      hidden: `False Forbidden spec.targetarnFrom: the operator may not list and watch hiddens.aws.example.com in the namespace ${stageNamespace}; ` +
        'a ClusterRole with the label app.lyc-handson-aws.com/aggregate-to-topicten-references=true gives it that right',
      nowhere: 'False NotFound spec.targetarnFrom: the API server serves no Later of aws.example.com/v1beta1',
      whole: 'False NotFound spec.targetarnFrom: Whole.aws.example.com is a kind of the whole cluster; expected one of a namespace'
    }
    await watcher.until('all wait', () => Object.keys(expected).every(name => verdict(name) !== undefined))
    t.strictSame(Object.fromEntries(Object.keys(expected).map(name => [name, verdict(name)])), expected)
    t.ok(condition('first', 'Ready')?.status === 'True', 'the kind was listed anew for the path, and who refers to it noticed nothing')
  })

  await t.test('a kind whose CRD comes later is found, and one whose right comes later too', async t => {
    await applyCrds(plane, [standInCrd('Later')])
    await make('Later', 'x', { atProvider: { arn: table } })
    await plane.kubectl(['create', '--filename=-'], JSON.stringify(readable('hidden', ['hiddens'])))
    await make('Hidden', 'x', { atProvider: { arn: table } })
    await watcher.until('both are ready', () => ['nowhere', 'hidden'].every(name => condition(name, 'Ready')?.status === 'True'))
    t.pass()
  })

  await t.test('a CRD that goes takes its objects along and nothing else; one that replaces it is followed', async t => {
    await plane.kubectl(['delete', 'crd', 'laters.aws.example.com', '--timeout=60s'])
    await watcher.until('stalled', () => condition('nowhere', 'Stalled')?.reason === 'ArnVanished')
    t.equal(watcher.replicas('nowhere').at(-1), 5)
    await applyCrds(plane, [standInCrd('Later')])
    await make('Later', 'x', { atProvider: { arn: `${table}-3` } })
    await watcher.until('followed', () => topicTen('nowhere')?.status?.resolved?.targetarn === `${table}-3`)
    await watcher.until('ready', () => condition('nowhere', 'Ready')?.status === 'True')
  })

  await t.test('ARNs that do not fit each other are told by the field that refers', async t => {
    await make('Box', 'china', { atProvider: { arn: table.replace('aws', 'aws-cn').replace('eu-west-3', 'cn-north-1') } })
    await create(referring('mixed', { targetarn: toObject('Box', 'china') }))
    await watcher.until('stalled', () => condition('mixed', 'Stalled')?.reason === 'InvalidArn')
    t.match(verdict('mixed'), /^False NotAnArn spec\.kmsarn: found .* which is in the partition aws, but spec\.targetarn /)
    t.strictSame(watcher.replicas('mixed'), [])
  })

  await t.test('there was one watch for each kind at a time, and it ends with the last who refers to it', async t => {
    await kubectl(['delete', 'topictens', '--all'])
    await watcher.until('gone', () => watcher.topicTen('first') === undefined)
    const lists = (await requests()).filter(({ verb, code }) => verb === 'list' && code === 200)
    // Once at the start, once more for the other path.
    t.equal(lists.filter(({ resource }) => resource === 'boxs').length, 2)
    t.equal(lists.filter(({ resource }) => resource === 'configmaps').length, 1)
    const scrape = async () => (await fetch(`${operator.url}/metrics`)).text()
    t.notMatch(await scrape(), /topicten_watch_last_event_age_seconds\{kind="Box/)
    t.match(await scrape(), /topicten_watch_last_event_age_seconds\{kind="TopicTen/)
  })

  await t.test('what was found and is no ARN is in no log', async t => {
    t.notMatch(JSON.stringify(operator.log.lines), secretText)
  })
})
