import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RowStore } from './row-store.ts'

/** A stored column rows are ordered by. Numbers are already turned so that the least comes first, NaN last. */
export type SortKey =
  | { readonly kind: 'f64'; readonly column: number }
  | { readonly kind: 'i64'; readonly column: number; readonly isDescending: boolean }
  | {
      readonly kind: 'utf8'
      readonly column: number
      readonly isDescending: boolean
      readonly dictionary: Dictionary
    }

/** Orders two slots of a store by the keys of their rows: less than 0, 0 for equal, more than 0. */
export type SlotOrder = (a: number, b: number) => number

/** The order by some keys, the most important first. */
export function slotOrder(memory: LinearMemory, store: RowStore, keys: readonly SortKey[]): SlotOrder {
  const orders = keys.map(key => orderBy(memory, store, key))
  if (orders.length === 1) return orders[0]!
  return (a, b) => {
    for (const order of orders) {
      const way = order(a, b)
      if (way !== 0) return way
    }
    return 0
  }
}

function orderBy(memory: LinearMemory, store: RowStore, key: SortKey): SlotOrder {
  const { column } = key
  if (key.kind === 'f64')
    return (a, b) => {
      const first = store.valuesOf(column) >>> 3
      const x = memory.f64[first + a]!
      const y = memory.f64[first + b]!
      if (x < y) return -1
      if (x > y) return 1
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    }
  const less = key.isDescending ? 1 : -1
  if (key.kind === 'i64')
    return (a, b) => {
      const first = store.valuesOf(column) >>> 3
      const x = memory.i64[first + a]!
      const y = memory.i64[first + b]!
      return x === y ? 0 : x < y ? less : -less
    }
  const { dictionary } = key
  return (a, b) => {
    const first = store.valuesOf(column) >>> 2
    const x = memory.i32[first + a]!
    const y = memory.i32[first + b]!
    if (x === y) return 0
    if (x === 0 || y === 0) return x === 0 ? 1 : -1
    return dictionary.decode(x)! < dictionary.decode(y)! ? less : -less
  }
}
