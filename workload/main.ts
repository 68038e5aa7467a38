// The workload as a program: configuration from the environment, a logger, signals. With `read` as its first argument it is
// the reader. Signals are taken before anything else is loaded: as process 1 of a container it would not hear them otherwise.
import { writeSync } from 'node:fs'

const stop = new AbortController()
const [command, ...args] = process.argv.slice(2)

if (command === 'read') {
  const { read } = await import('./read.ts')
  process.exitCode = await read(args, process.env, process)
} else {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { stop.abort() })
  const { run } = await import('./program.ts')
  // Not `exitCode`: a call that was given up may still hold a socket.
  process.exit(await run(process.env, stop.signal, text => { writeSync(process.stderr.fd, text) }))
}
