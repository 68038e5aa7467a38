// What the demo says when it is through: what happened, and how to go on with kubectl.
import { styleText } from 'node:util'
import { type Demo, made } from './demo.ts'
import { exampleFile, exampleName } from './example.ts'
import { stepsOf } from './sighting.ts'

/** Prints the steps that were seen, the messages, and the Events that the API server keeps. */
export async function printHistory (demo: Demo): Promise<void> {
  const { kubectl, namespace } = made(demo.place, 'cluster')
  const events = await kubectl(['events', `--for=topicten/${exampleName}`, '--namespace', namespace])
  demo.print(section('What happened', stepsOf(made(demo.watch, 'watch').sightings)))
  if (demo.messages !== undefined) demo.print(section('What the pods wrote', demo.messages.trimEnd()))
  demo.print(section(`kubectl events --for topicten/${exampleName}`, events.trimEnd()))
}

/** Prints what a person can type now, or could. */
export function printInvitation (demo: Demo): void {
  const { preparation } = made(demo.place, 'cluster')
  const commands = [
    ['kubectl get topictens,deployments,pods', ''],
    [`kubectl get topicten ${exampleName} -o yaml`, 'its status and conditions'],
    ['kubectl explain topicten.spec', 'what each field means'],
    [`kubectl scale deployment/${exampleName} --replicas=5`, 'counted down again'],
    ['kubectl get topictens --watch', ''],
    [`kubectl delete topicten ${exampleName}`, 'and its Deployment goes too'],
    [`kubectl apply -f ${exampleFile}`, 'from the start']
  ]
  const width = Math.max(...commands.map(([command = '']) => command.length))
  const lines = commands.map(([command = '', why = '']) => why ? `${command.padEnd(width)}  ${styleText('dim', `# ${why}`)}` : command)
  if (demo.options.keep) {
    demo.print(section('It goes on running. In another terminal', [
      ...preparation, ...lines, `tail -f ${demo.dir}/operator.log`, ...readingOf(demo)
    ].join('\n')))
    demo.print('\nCtrl-C ends everything.\n')
  } else {
    demo.print(section('To go on with kubectl, keep it running: npm run demo -- --keep', lines.join('\n')))
  }
}

/** How to read the messages that go on being written. */
function readingOf ({ aws, reader }: Demo): string[] {
  if (aws === undefined || reader === undefined) return []
  return [`export ${Object.entries(aws.env).map(([name, value]) => `${name}=${value}`).join(' ')}`, `npm run workload -- ${reader.join(' ')}`]
}

function section (title: string, text: string): string {
  return `\n${styleText('bold', title)}\n${text.replace(/^(?=.)/gm, '  ')}\n`
}
