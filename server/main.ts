// The operator as a program: configuration from the environment, a logger, signals.
import { pino } from 'pino'
import { type Config, ConfigError, readConfig } from './config.ts'
import { startOperator } from './operator.ts'

const config = configure()
const log = pino({ level: config.logLevel, base: { pod: config.podName }, timestamp: pino.stdTimeFunctions.isoTime })
const operator = await startOperator(config, log).catch((error: unknown) => {
  log.fatal({ err: error }, 'cannot start')
  process.exit(1)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void operator.stop().then(() => process.exit(0))
  })
}

function configure (): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`topicten: ${error.message}\n`)
    process.exit(error.exitCode)
  }
}
