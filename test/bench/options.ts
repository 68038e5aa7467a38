import t from 'tap'
import { parseOptions, UsageError } from '../../bench/options.ts'

t.test('a command and its options are read, and what is not said has its default', async t => {
  t.match(parseOptions(['admission', '--rounds', '2', '--only', 'mutate,list', '--rates=500', '--no-build']), {
    command: 'admission', rounds: 2, admissionModes: ['mutate', 'list'], modes: [], kinds: [], rates: [500], connections: [1, 16, 64, 500], build: false
  })
  t.match(parseOptions(['faults']), { rounds: 20, kinds: ['SIGTERM', 'SIGKILL', 'SIGSTOP'], admissionModes: [] })
})

t.test('help is asked for with a command or without', async t => {
  for (const args of [['--help'], ['-h'], ['reconcile', '--help']]) t.equal(parseOptions(args), 'help')
})

for (const [args, words] of [
  [[], 'one command is needed, reconcile, admission, references, faults: found ""'],
  [['reconcile', 'admission'], 'found "reconcile admission"'],
  [['reconcile', '--only', 'mutate'], /--only may be .*: found "mutate"/],
  [['reconcile', '--sizes', '100,many'], '--sizes needs a number above 0: found "many"'],
  [['reconcile', '--rounds', '1.5'], '--rounds needs a number above 0: found "1.5"'],
  [['reconcile', '--fast'], "Unknown option '--fast'"]
] as const) {
  t.test(`refused, in words: ${args.join(' ')}`, async t => {
    t.throws(() => parseOptions([...args]), { constructor: UsageError, message: words })
  })
}
