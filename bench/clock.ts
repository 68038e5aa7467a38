// One clock for all threads and processes of a machine; performance.now() starts anew in each.

/** Monotonic milliseconds. */
export function clockMs (): number {
  return Number(process.hrtime.bigint()) / 1e6
}
