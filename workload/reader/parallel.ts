// Works on many things at a time, but on no more than so many.

/**
 * Calls `work` for each thing of a source, at most `limit` at a time, and takes the next from the source only when one is done.
 * The order of the calls' ends is not kept. Rejects with the first failure, after which no further thing is begun; by then the
 * calls in hand have ended.
 */
export async function forEachParallel<T> (source: AsyncIterable<T>, limit: number, work: (thing: T) => Promise<void>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]()
  const state = { failed: false }
  const worker = async () => {
    try {
      while (!state.failed) {
        const next = await iterator.next()
        if (next.done === true) return
        await work(next.value)
      }
    } catch (error) {
      state.failed = true
      throw error
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: limit }, worker))
  const failure = ends.find(end => end.status === 'rejected')
  if (failure === undefined) return
  await iterator.return?.()
  throw failure.reason
}
