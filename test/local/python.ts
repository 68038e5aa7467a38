import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findPython } from '../../local/python.ts'

// A stand-in for Python: answers what it is asked, notes its calls, and makes environments whose Python is itself.
const fakePython = `#!/bin/sh
echo "$*" >> "$NOTES"
case "$*" in
  *import*) if [ -n "$FAULT" ]; then echo "$FAULT" >&2; exit 1; fi; echo "$VERSION" ;;
  *venv*) for path; do :; done; mkdir -p "$path/bin"; cp "$0" "$path/bin/python" ;;
  *pip*) if [ -n "$OFFLINE" ]; then echo 'no index' >&2; exit 1; fi ;;
esac
`

async function place (t: Test, more: NodeJS.ProcessEnv = {}) {
  const dir = t.testdir({ 'requirements.txt': 'thing==1.0 --hash=sha256:00' })
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin/python3'), fakePython)
  await chmod(join(dir, 'bin/python3'), 0o755)
  const env = { PATH: `${dir}/bin:/usr/bin:/bin`, TOPICTEN_CACHE: `${dir}/cache`, NOTES: `${dir}/notes`, VERSION: '3.12 3.12.1 /usr', ...more }
  return { dir, requirements: `${dir}/requirements.txt`, env, notes: async () => (await readFile(env.NOTES, 'utf8')).trim().split('\n') }
}

await t.test('an environment is made once, with hashes required', async t => {
  const { requirements, env, notes } = await place(t)
  const told: string[] = []
  const python = await findPython('thing', requirements, { env, onProgress: line => told.push(line) })
  t.match(python, /\/cache\/thing-[0-9a-f]{16}\/bin\/python$/)
  const twice = await Promise.all([1, 2].map(() => findPython('thing', requirements, { env })))
  t.strictSame(twice, [python, python])
  const installs = (await notes()).filter(line => line.includes('pip install'))
  t.match(installs, [/^-I -m pip install --require-hashes --only-binary=:all: .* -r .*requirements\.txt$/])
  t.equal(installs.length, 1)
  t.equal(told.length, 1)
})

await t.test('two at once make one', async t => {
  const { requirements, env, notes } = await place(t)
  const [first, second] = await Promise.all([1, 2].map(() => findPython('thing', requirements, { env })))
  t.equal(first, second)
  t.equal((await notes()).filter(line => line.includes('pip install')).length, 1)
})

await t.test('other requirements and another Python have environments of their own', async t => {
  const { requirements, env } = await place(t)
  const first = await findPython('thing', requirements, { env })
  const newer = await findPython('thing', requirements, { env: { ...env, VERSION: '3.13 3.13.0 /usr' } })
  await writeFile(requirements, 'thing==1.1 --hash=sha256:00')
  const other = await findPython('thing', requirements, { env })
  t.equal(new Set([first, newer, other]).size, 3)
})

await t.test('what could not be installed leaves nothing half-made', async t => {
  const { dir, requirements, env } = await place(t, { OFFLINE: '1' })
  await t.rejects(findPython('thing', requirements, { env }), { message: /pip install .* exited with 1: no index/ })
  t.strictSame(await readdir(`${dir}/cache`), [])
})

const missing: [string, NodeJS.ProcessEnv, RegExp][] = [
  ['is too old', { VERSION: '3.9 3.9.2 /usr' }, /^thing needs Python and python3 is 3\.9: install Python 3\.10 or newer/],
  ['has no venv', { FAULT: "ModuleNotFoundError: No module named 'ensurepip'" }, /python3 has no ensurepip: install .*python3-venv/],
  ['does not run', { FAULT: 'pyenv: no version' }, /python3 does not run: install/],
  ['is not there', { PATH: '/nowhere' }, /there is no python3 on the PATH: install/]
]

for (const [what, more, message] of missing) {
  await t.test(`a Python that ${what} is told with what to install`, async t => {
    const { requirements, env } = await place(t, more)
    await t.rejects(findPython('thing', requirements, { env }), { name: 'MissingPythonError', message })
  })
}
