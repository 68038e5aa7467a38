import t from 'tap'
import { judge } from '../../bench/faults.ts'
import { writtenSteps } from '../../bench/written-steps.ts'
import type { AuditEvent } from '../../local/audit.ts'

const countdown = (ats: number[]) => ats.map((at, index) => ({ replicas: 5 - index, at }))

const cases: Record<string, [number[], ReturnType<typeof judge>]> = {
  'a countdown on its grid is right': [[0, 1000, 2000, 3000, 4000], { closeSteps: 0, wrongSequences: 0 }],
  'a step exactly 0.9 intervals after another is right': [[0, 900, 1900, 2900, 3900], { closeSteps: 0, wrongSequences: 0 }],
  'a step closer than that is not': [[0, 899, 1900, 2900, 3900], { closeSteps: 1, wrongSequences: 0 }],
  'a step that is missing is wrong': [[0, 1000, 2000, 3000], { closeSteps: 0, wrongSequences: 1 }]
}
for (const [name, [ats, verdict]] of Object.entries(cases)) {
  t.test(name, async t => { t.strictSame(judge(new Map([['tt-0000', countdown(ats)]]), 1000), verdict) })
}

t.test('steps are the writes of measured Deployments that succeeded, in the order of their answers', async t => {
  const event = (name: string, seconds: number, replicas: number, parts: object = {}) => ({
    verb: 'patch',
    objectRef: { resource: 'deployments', namespace: 'bench', name },
    responseStatus: { code: 200 },
    responseObject: { spec: { replicas } },
    stageTimestamp: `2030-01-01T00:00:0${seconds}.000000Z`,
    ...parts
  }) as unknown as AuditEvent
  const steps = writtenSteps([
    event('tt-0000', 2, 4), event('tt-0000', 1, 5, { verb: 'create' }), event('tt-0000', 3, 3, { responseStatus: { code: 409 } }),
    event('canary', 1, 2), event('tt-0000', 3, 3, { objectRef: { resource: 'deployments', subresource: 'status', namespace: 'bench', name: 'tt-0000' } })
  ], 'bench')
  t.strictSame([...steps].map(([name, seen]) => [name, seen.map(({ replicas }) => replicas)]), [['tt-0000', [5, 4]]])
})
