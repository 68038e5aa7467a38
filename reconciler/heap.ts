// A binary heap of keys by time, each key once: the delayed part of the work queue.

export interface Timed {
  key: string
  at: number
}

export interface Heap {
  /** Adds a key, or moves it to the front where it is in for later. */
  put (key: string, at: number): void
  peek (): Timed | undefined
  pop (): Timed | undefined
  readonly size: number
}

export function createHeap (): Heap {
  const items: Timed[] = []
  const places = new Map<string, number>()

  function place (item: Timed, index: number): void {
    items[index] = item
    places.set(item.key, index)
  }

  function rise (item: Timed, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = items[above]
      if (parent === undefined || parent.at <= item.at) break
      place(parent, index)
      index = above
    }
    place(item, index)
  }

  function sink (item: Timed): void {
    let index = 0
    for (;;) {
      const child = earlierChild(index)
      if (child === undefined || child.item.at >= item.at) break
      place(child.item, index)
      index = child.index
    }
    place(item, index)
  }

  function earlierChild (index: number): { item: Timed, index: number } | undefined {
    const left = items[2 * index + 1]
    const right = items[2 * index + 2]
    if (left === undefined) return undefined
    return right !== undefined && right.at < left.at ? { item: right, index: 2 * index + 2 } : { item: left, index: 2 * index + 1 }
  }

  return {
    put (key, at) {
      const index = places.get(key)
      if (index === undefined) rise({ key, at }, items.length)
      else if (at < (items[index]?.at ?? Infinity)) rise({ key, at }, index)
    },
    peek: () => items[0],
    pop () {
      const first = items[0]
      const last = items.pop()
      if (first === undefined || last === undefined) return undefined
      places.delete(first.key)
      if (last !== first) sink(last)
      return first
    },
    get size () {
      return items.length
    }
  }
}
