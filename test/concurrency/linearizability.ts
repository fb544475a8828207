/** What a thread asks of a queue. */
export type Operation =
  | { readonly kind: 'push' | 'force'; readonly value: number }
  | { readonly kind: 'pop' }
  | { readonly kind: 'close' }

/** `'in'` of a push, a value of a pop, or why not; `'pending'`: no answer, nothing happened. */
export type Result = number | string

/** A recorded history: calls and returns in the order in which they happened. */
export type Event =
  | { readonly type: 'call'; readonly thread: number; readonly operation: Operation }
  | { readonly type: 'return'; readonly thread: number; readonly result: Result }

interface Call {
  readonly operation: Operation
  readonly result: Result
  /** How many calls had returned when this one began: it must come after all of those. */
  readonly after: readonly number[]
}

/**
 * Whether some order of the calls, in which none comes before one that had returned when it began, is what a bounded
 * first-in-first-out list would have answered. A forced push is two steps: one event is evicted when the list is full,
 * then the new one goes in; other calls may come in between.
 *
 * Wing and Gong's search, states met before left out.
 */
export function isLinearizable(capacity: number, history: readonly Event[]): boolean {
  const calls = callsOf(history)
  const seen = new Set<string>()
  const search = (done: bigint, half: bigint, list: readonly number[], isClosed: boolean): boolean => {
    if (done === (1n << BigInt(calls.length)) - 1n) return true
    const key = `${done} ${half} ${list.join()} ${isClosed}`
    if (seen.has(key)) return false
    seen.add(key)
    for (let i = 0; i < calls.length; i++) {
      const bit = 1n << BigInt(i)
      if ((done & bit) !== 0n) continue
      const { operation, result, after } = calls[i]!
      if (!after.every(other => (done & (1n << BigInt(other))) !== 0n)) continue
      const next = applied(capacity, operation, result, list, isClosed)
      if (next !== undefined && search(done | bit, half, next, isClosed || operation.kind === 'close')) return true
      const isHalfDone = (half & bit) !== 0n
      if (operation.kind === 'force' && !isHalfDone && list.length === capacity) {
        if (search(done, half | bit, list.slice(1), isClosed)) return true
      }
    }
    return false
  }
  return search(0n, 0n, [], false)
}

/** The list after an operation, undefined when it can't have answered this. */
function applied(
  capacity: number,
  operation: Operation,
  result: Result,
  list: readonly number[],
  isClosed: boolean,
): readonly number[] | undefined {
  if (operation.kind === 'close') return list
  if (operation.kind === 'pop') {
    if (typeof result === 'number') return list[0] === result ? list.slice(1) : undefined
    return list.length === 0 && (result === 'closed') === isClosed ? list : undefined
  }
  if (result === 'closed') return isClosed ? list : undefined
  if (isClosed) return undefined
  const isFull = list.length === capacity
  if (result === 'full') return isFull ? list : undefined
  return isFull ? undefined : [...list, operation.value]
}

/** Calls that were answered. */
function callsOf(history: readonly Event[]): readonly Call[] {
  const calls: Call[] = []
  const begun = new Map<number, { readonly operation: Operation; readonly after: readonly number[] }>()
  for (const event of history) {
    if (event.type === 'call') {
      begun.set(event.thread, { operation: event.operation, after: calls.map((_, i) => i) })
      continue
    }
    const { operation, after } = begun.get(event.thread)!
    begun.delete(event.thread)
    if (event.result !== 'pending') calls.push({ operation, result: event.result, after })
  }
  return calls
}
