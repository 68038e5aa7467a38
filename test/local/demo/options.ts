import t from 'tap'
import { parseOptions, usage } from '../../../local/demo/options.ts'

await t.test('what is not given has its default', async t => {
  t.strictSame(parseOptions([]), { intervalSeconds: 5, node: 'kwok', keep: false, context: undefined, platform: false, help: false })
  t.strictSame(parseOptions(['--keep', '--context=prod', '--interval', '0.5', '--node=containerd']), {
    intervalSeconds: 0.5, node: 'containerd', keep: true, context: 'prod', platform: false, help: false
  })
})

await t.test('options that cannot be used are named', async t => {
  const table: [string[], RegExp][] = [
    [['--interval', '0'], /^--interval takes a number of seconds above 0 and up to 86400, not "0"$/],
    [['--interval', '1m'], /not "1m"$/],
    [['--interval', ' '], /not " "$/],
    [['--interval=-3'], /not "-3"$/],
    [['--interval=Infinity'], /not "Infinity"$/],
    [['--interval'], /^Option '--interval <value>' argument missing$/],
    [['--node', 'docker'], /^--node takes kwok or containerd, not "docker"$/],
    [['--context='], /^--context takes the name of a kubectl context/],
    [['--platform', '--node=kwok'], /^--platform has a cluster of its own/],
    [['--fast'], /^Unknown option '--fast'/],
    [['now'], /^Unexpected argument 'now'/]
  ]
  for (const [args, message] of table) t.throws(() => parseOptions(args), { name: 'UsageError', exitCode: 64, message })
})

await t.test('the usage names every option', async t => {
  t.strictSame(usage.match(/--\w+/g)?.filter(name => name !== '--'), ['--interval', '--node', '--keep', '--context', '--platform', '--help'])
})
