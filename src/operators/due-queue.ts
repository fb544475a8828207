/** Something to be done at an instant. */
interface Due<T> {
  readonly at: number
  readonly order: number
  readonly value: T
}

/** Instants to come, the earliest first, and those of one instant by the order they are given. O(log n). */
export class DueQueue<T> {
  readonly #heap: Due<T>[] = []

  /** The earliest, if there is one. */
  get first(): Due<T> | undefined {
    return this.#heap[0]
  }

  add(at: number, order: number, value: T): void {
    const heap = this.#heap
    const due = { at, order, value }
    let i = heap.push(due) - 1
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (!isBefore(due, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = due
  }

  /** Takes the earliest out. */
  shift(): Due<T> | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === last || last === undefined) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first
  }

  clear(): void {
    this.#heap.length = 0
  }
}

const isBefore = (a: Due<unknown>, b: Due<unknown>): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
