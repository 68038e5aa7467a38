import t from 'tap'
import type { Ports } from '../../workload/deliver.ts'
import { createPostman, maxBacklog, type Postman } from '../../workload/postman.ts'
import { UnfitStorage } from '../../workload/unfit-storage.ts'
import { keepLog } from '../fixtures/log.ts'

const never = new AbortController().signal
const denied = Object.assign(new Error('denied'), { name: 'AccessDeniedException' })
// Not tried again within the round, so that tests need not wait, and yet for later.
const stopped = AbortSignal.abort()

const record = (id: string) =>
  ({ id, time: '2026-01-02T03:04:05.678Z', namespace: 'default', pod: 'web-1', stream: 'default/web-1/10.0.0.7', message: 'hello' })

type Faults = Partial<Record<'store' | 'log' | 'prepare', unknown>>

/** A postman whose steps note their message and throw what `faults` has for them. */
function open (): { postman: Postman, log: ReturnType<typeof keepLog>, faults: Faults, stored: string[] } {
  const stored: string[] = []
  const faults: Faults = {}
  const fail = (step: keyof Faults): void => { if (faults[step] !== undefined) throw faults[step] }
  const ports: Ports = {
    async encrypt () { return { keyArn: 'k', context: true, ciphertext: 'c' } },
    storage: { async prepare () { fail('prepare') }, async put ({ id }) { fail('store'); stored.push(id) } },
    async writeEvent () { fail('log') }
  }
  const log = keepLog()
  return { postman: createPostman({ ports, logger: log, now: () => 1000, withProcess: false }), log, faults, stored }
}

const given = (log: ReturnType<typeof keepLog>) => log.lines.filter(({ message }) => message === 'message given up').map(({ fields }) => fields)

t.test('a message that will never be logged is reported at once, with what is missing', async t => {
  const { postman, log, faults } = open()
  faults.log = denied
  await postman.send(record('a'), never, never)
  t.strictSame(given(log), [{ id: 'a', missing: ['log'], perhaps: [], half: true, reason: 'denied' }])
  t.strictSame(await postman.finish(never), { complete: 0, givenUp: ['a'] })
})

t.test('what is left over is finished after the next message that works', async t => {
  const { postman, faults, stored } = open()
  faults.store = denied
  await postman.send(record('a'), never, stopped)
  await postman.send(record('b'), never, stopped)
  t.match(await postman.registry.metrics(), /topicten_workload_backlog_messages 2\n/)
  delete faults.store
  await postman.send(record('c'), never, never)
  t.strictSame(stored, ['c', 'a', 'b'])
  t.strictSame(await postman.finish(never), { complete: 3, givenUp: [] })
})

t.test('messages that are half delivered are finished before those that are nowhere', async t => {
  const { postman, faults, stored } = open()
  faults.store = denied
  await postman.send(record('a'), never, stopped)
  delete faults.store
  faults.log = denied
  await postman.send(record('b'), never, stopped)
  delete faults.log
  await postman.finish(never)
  t.strictSame(stored, ['b', 'a'])
  t.match(await postman.registry.metrics(), /topicten_workload_messages_total\{result="complete"\} 2\n/)
})

t.test('told to stop, it leaves the backlog to the end', async t => {
  const { postman, faults, stored } = open()
  faults.store = denied
  await postman.send(record('a'), never, stopped)
  delete faults.store
  await postman.send(record('b'), stopped, never)
  t.strictSame(stored, ['b'])
  t.strictSame(await postman.finish(never), { complete: 2, givenUp: [] })
  t.strictSame(stored, ['b', 'a'])
})

t.test('what cannot be finished before the deadline is reported', async t => {
  const { postman, log, faults } = open()
  faults.log = denied
  await postman.send(record('a'), never, stopped)
  t.strictSame(await postman.finish(stopped), { complete: 0, givenUp: ['a'] })
  t.match(given(log), [{ id: 'a', reason: 'the process ends' }])
})

t.test('when too many wait, the oldest is reported', async t => {
  const { postman, log, faults } = open()
  faults.store = denied
  for (let index = 0; index <= maxBacklog; index++) await postman.send(record(String(index).padStart(3, '0')), never, stopped)
  t.match(given(log), [{ id: '000', missing: ['store', 'log'], half: false, reason: 'too many messages wait' }])
})

t.test('storage that turns out unfit ends it before anything was stored, with all reported, and not afterwards', async t => {
  const { postman, log, faults } = open()
  faults.store = denied
  await postman.send(record('a'), never, stopped)
  faults.store = new UnfitStorage('unfit')
  await t.rejects(postman.send(record('b'), never, never), { message: 'unfit' })
  t.match(given(log).map(({ id }) => id), ['b', 'a'])
  const later = open()
  await later.postman.send(record('a'), never, never)
  later.faults.store = new UnfitStorage('unfit')
  await t.resolves(later.postman.send(record('b'), never, never))
})

t.test('a look at the storage that fails is logged, unless it is broken off', async t => {
  const { postman, log, faults } = open()
  faults.prepare = denied
  await postman.prepare(stopped)
  t.strictSame(log.lines, [])
  await postman.prepare(never)
  t.match(log.lines, [{ level: 'warn', message: 'step fails', fields: { step: 'prepare', kind: 'denied' } }])
  faults.prepare = new UnfitStorage('unfit')
  await t.rejects(postman.prepare(never), { message: 'unfit' })
})
