// What the git server of a bed is given: the project's own files, read from where they are.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileChanges } from '../git-server.ts'

/** The files of `folders` with their folders, but for installed packages, as paths from `root`. Rejects when there is no such folder. */
export async function readTree (root: string, folders: string[]): Promise<FileChanges> {
  const files: FileChanges = {}
  for (const folder of folders) {
    for (const path of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!path.isFile() || path.parentPath.includes('/node_modules')) continue
      const file = join(path.parentPath, path.name)
      files[file.slice(root.length + 1)] = await readFile(file, 'utf8')
    }
  }
  return files
}
