import t from 'tap'
import { controllerArguments, controllers } from '../../../local/flux/controllers.ts'

await t.test('all listen on this machine alone, and only source-controller stores', async t => {
  for (const name of controllers) {
    const flags = controllerArguments(name, '/bed', { health: 1, storage: 2 })
    t.ok(flags.includes('--health-addr=127.0.0.1:1'), name)
    t.equal(flags.includes('--storage-addr=127.0.0.1:2'), name === 'source-controller', name)
    t.notMatch(flags.join(' '), /addr=(:|0\.0\.0\.0)/, name)
  }
})
