import t from 'tap'
import { createWitness } from '../../reconciler/witness.ts'
import { aDeployment } from '../fixtures/topicten.ts'

t.test('the age of a step counts from when it was first seen live', async t => {
  let now = 1000
  const witness = createWitness(() => now)
  t.equal(witness.seenForMs('k', aDeployment()), undefined, 'never seen')
  witness.saw('k', aDeployment(), false)
  t.equal(witness.seenForMs('k', aDeployment()), undefined, 'there before this process')
  witness.saw('k', aDeployment({ stepDue: 5 }), true)
  now = 1700
  witness.saw('k', aDeployment({ stepDue: 5, replicas: 3 }), true)
  t.equal(witness.seenForMs('k', aDeployment({ stepDue: 5 })), 700, 'other changes do not make it younger')
  t.equal(witness.seenForMs('k', aDeployment({ stepDue: 6 })), undefined, 'another step')
  witness.forget('k')
  t.equal(witness.seenForMs('k', aDeployment({ stepDue: 5 })), undefined)
})
