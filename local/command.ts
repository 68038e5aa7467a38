// Runs a program to its end and gives what it printed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface CommandOptions {
  env: NodeJS.ProcessEnv
  cwd?: string
  /** Text for the program's standard input; without it the input is empty. */
  input?: string | undefined
}

/**
 * Resolves with the standard output of `file args`.
 *
 * Rejects with an Error that names the command and carries its standard error when it exits with anything but 0, and
 * with Node's own error (code ENOENT) when there is no such program on the PATH of `env`.
 */
export async function runCommand (file: string, args: string[], { env, cwd, input }: CommandOptions): Promise<string> {
  const child = spawn(file, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  // A program may end without reading its input; its exit code tells the story.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code === 0) return stdout
  throw new Error(`${file} ${args.join(' ')} ${signal ? `was ended by ${signal}` : `exited with ${code}`}: ${(stderr || stdout).trim()}`)
}
