// Cuts a stream of chunks into lines, as bytes: a character of several bytes may lie across two chunks.

// An object may have 3 MiB at the API server, and more in JSON once managed fields and escapes are written out.
const defaultLimit = 64 * 1024 * 1024
const newline = 0x0a

/**
 * Gives a function that takes a chunk and returns the lines it completes, without their ends and without empty ones.
 * Throws a RangeError when a line is longer than `limit` bytes.
 */
export function createLineSplitter (limit = defaultLimit): (chunk: Buffer) => Buffer[] {
  let parts: Buffer[] = []
  let pending = 0

  function keep (rest: Buffer): void {
    if (rest.length === 0) return
    parts.push(rest)
    pending += rest.length
    if (pending > limit) throw new RangeError(`a line of more than ${limit} bytes`)
  }

  function complete (end: Buffer): Buffer {
    if (parts.length === 0) return end
    const line = Buffer.concat([...parts, end])
    parts = []
    pending = 0
    return line
  }

  return chunk => {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = complete(chunk.subarray(start, end))
      if (line.length > 0) lines.push(line)
      start = end + 1
    }
    keep(chunk.subarray(start))
    return lines
  }
}
