// Where a demo takes place: what the steps need of a cluster, whoever it belongs to.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

export interface Place {
  /** Of the operator. */
  readonly operatorNamespace: string
  /** Of the example. */
  readonly namespace: string
  /** How the chart is rendered for this place. */
  readonly chart: { values: Record<string, string | number | boolean>, showOnly: string[] }
  /** Where the API server calls the operator's webhooks; absent where it cannot. */
  readonly webhookPort?: number
  /** The image that pods run; absent where none run. */
  readonly image?: string | undefined
  /** This machine's address as pods see it; absent: loopback will do, or there are no pods. */
  readonly thisMachine?: string
  /** Runs kubectl with the rights of whoever started the demo, and gives its output; rejects with its standard error. */
  kubectl (args: string[], input?: string): Promise<string>
  /** Runs `helm template` or the like: it does not talk to the cluster. */
  helm (args: string[]): Promise<string>
  /** Writes a kubeconfig with a token of a ServiceAccount and gives its path. */
  credentials (namespace: string, name: string): Promise<string>
  /** What a person types, in this order, to have a kubectl for this place. */
  readonly preparation: string[]
}

/** How long a token is good for: a demo that is kept may run the whole day. */
export const tokenSeconds = 86_400

/** The path of a program on the PATH of `env`. */
export async function onPath (program: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, program)
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path
  }
  return undefined
}
