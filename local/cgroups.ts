// The control groups that a node's pods leave behind when they are killed with everything else.
import { readdirSync, rmdirSync } from 'node:fs'

const root = '/sys/fs/cgroup'

/** Removes the groups `name` of every hierarchy with all below them. Only empty ones go: no process is ever touched. */
export function removeCgroups (name: string): void {
  // Version 1 has a folder for each controller, version 2 has none.
  for (const hierarchy of ['.', ...foldersIn(root)]) removeTree(`${root}/${hierarchy}/${name}`)
}

function removeTree (path: string): void {
  for (const below of foldersIn(path)) removeTree(`${path}/${below}`)
  try {
    rmdirSync(path)
  } catch {
    // There is none, or somebody lives in it.
  }
}

function foldersIn (path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name)
  } catch {
    return []
  }
}
