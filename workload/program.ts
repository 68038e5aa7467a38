// Runs the workload with an environment, and turns how it ended into an exit code.
import { pino } from 'pino'
import { type Config, ConfigError, readConfig } from './config.ts'
import { UnfitStorage } from './unfit-storage.ts'
import { runWorkload } from './workload.ts'

/**
 * Runs until the signal aborts; logs go to the standard output, and faults of the configuration, a line each, to `complain`.
 * @returns 0; 78 (EX_CONFIG of sysexits.h) when the configuration cannot work; 1 when something is wrong with this program
 */
export async function run (
  environment: Readonly<Record<string, string | undefined>>, signal: AbortSignal, complain: (text: string) => void
): Promise<number> {
  let config: Config
  try {
    config = readConfig(environment)
  } catch (error) {
    return refuse(error, complain)
  }
  const { namespace, name } = config.pod
  const logger = pino({ level: config.logLevel, base: { namespace, pod: name }, timestamp: pino.stdTimeFunctions.isoTime })
  try {
    logger.info({ storage: config.arns.storage, key: config.arns.key, logGroup: config.arns.logGroup }, 'started')
    const { complete, givenUp } = await runWorkload({ config, logger, signal })
    logger.info({ complete, givenUp: givenUp.length }, 'stopped')
    return 0
  } catch (error) {
    return refuse(error, complain)
  } finally {
    logger.flush()
  }
}

function refuse (error: unknown, complain: (text: string) => void): number {
  if (error instanceof ConfigError || error instanceof UnfitStorage) {
    complain(error.message.split('\n').map(line => `workload: ${line}\n`).join(''))
    return error.exitCode
  }
  complain(`workload: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 1
}
