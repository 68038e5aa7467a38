import { randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import type { FaultKind } from '../../local/aws/faults.ts'
import { readConfig } from '../../workload/config.ts'
import { encryptionContext, parseLogLine, parseRecord } from '../../workload/record.ts'
import { runWorkload } from '../../workload/workload.ts'
import {
  type AwsBed, decryptText, fakeBed, inParallel, loggedTexts, motoBed, objectTexts, tableItems, useBed
} from '../fixtures/aws.ts'
import { keepLog } from '../fixtures/log.ts'

const workers = 50
const each = 20
// The same faults again: TOPICTEN_FAULT_SEED=… in the environment.
const seed = Number(process.env['TOPICTEN_FAULT_SEED'] ?? randomInt(2 ** 31))

interface Found { id: string, message: string }

const storages = {
  bucket: async (bed: AwsBed): Promise<Found[]> => (await objectTexts(bed)).map(text => {
    const { id = '', message = '' } = parseRecord(text) ?? {}
    return { id, message }
  }),
  table: async (bed: AwsBed): Promise<Found[]> => (await tableItems(bed)).map(({ id, message }) => ({ id: id?.S ?? '', message: message?.S ?? '' }))
}
type StorageKind = keyof typeof storages

/** Fifty workloads at once, as pods of one TopicTen would be. */
async function deliverAll (bed: AwsBed, kind: StorageKind, callTimeoutSeconds: number): Promise<void> {
  await Promise.all(Array.from({ length: workers }, (_, index) => {
    const config = readConfig({
      STORAGE_ARN: bed.arns[kind],
      AWS_KMS_ARN: bed.arns.key,
      AWS_LOG_GROUP_ARN: bed.arns.logGroup,
      AWS_REGION: bed.bucketRegion,
      MY_POD_NAME: `web-${index}`,
      MY_POD_NAMESPACE: 'shop',
      MY_POD_IP: `fd00::${index + 1}`,
      MESSAGE_INTERVAL_MIN_SECONDS: '0.001',
      MESSAGE_INTERVAL_MAX_SECONDS: '0.01',
      CALL_TIMEOUT_SECONDS: String(callTimeoutSeconds),
      SHUTDOWN_DEADLINE_SECONDS: '60',
      HTTP_PORT: '0'
    })
    return runWorkload({ config, logger: keepLog(), signal: new AbortController().signal, limit: each })
  }))
}

/** What the ciphertexts in the log say, each decrypted with the context of the pod whose stream it is in. */
async function decryptLog (bed: AwsBed): Promise<Found[]> {
  return inParallel(await loggedTexts(bed), async ({ stream, text }) => {
    const { id = '', ciphertext = '' } = parseLogLine(text) ?? {}
    const [namespace = '', pod = ''] = stream.split('/')
    return { id, message: await decryptText(bed, ciphertext, encryptionContext(namespace, pod)) }
  })
}

function sorted (messages: Iterable<Found>): Found[] {
  return [...messages].sort((a, b) => a.id < b.id ? -1 : 1)
}

async function startBed (t: Test, name: 'moto' | 'fake'): Promise<AwsBed | undefined> {
  const bed = name === 'moto' ? await motoBed(t) : await fakeBed(t)
  if (bed !== undefined) useBed(t, bed)
  return bed
}

for (const name of ['moto', 'fake'] as const) {
  for (const kind of ['bucket', 'table'] as const) {
    await t.test(`fifty writers to a ${kind} of ${name}: each message is once in storage and once in the log`, async t => {
      const bed = await startBed(t, name)
      if (bed === undefined) return
      await deliverAll(bed, kind, 60)
      const stored = sorted(await storages[kind](bed))
      t.equal(new Set(stored.map(({ id }) => id)).size, workers * each)
      t.strictSame(sorted(await decryptLog(bed)), stored)
    })
  }
}

const kinds: FaultKind[] = ['throttle', 'error', 'hang', 'lost', 'conflict']

for (const kind of ['bucket', 'table'] as const) {
  await t.test(`one call in ten to the ${kind}, key and log failing: nothing is lost, nothing doubled in storage`, async t => {
    t.comment(`TOPICTEN_FAULT_SEED=${seed}`)
    const { fake, ...bed } = await fakeBed(t)
    useBed(t, bed)
    const stop = fake?.inject({ kinds, rate: 0.1, seed })
    await deliverAll(bed, kind, 2)
    stop?.()
    const met = new Set(fake?.calls.map(({ fault }) => fault).filter(fault => fault !== undefined))
    t.strictSame(met, new Set(kinds.filter(fault => fault !== 'conflict' || kind === 'bucket')), 'every kind of fault was met')
    const stored = sorted(await storages[kind](bed))
    t.equal(stored.length, workers * each)
    t.equal(new Set(stored.map(({ id }) => id)).size, workers * each)
    // A log event whose reply was lost is written again: the same message under the same id.
    const logged = new Map((await decryptLog(bed)).map(message => [message.id, message]))
    t.strictSame(sorted(logged.values()), stored)
  })
}
