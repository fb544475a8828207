import { stateFull } from '../../errors.ts'
import type { RunningAggregate } from './aggregates/running-aggregate.ts'
import type { HeldRow } from './row-window.ts'
import type { ValueKey } from './value-key.ts'

/** An aggregate and the value it takes of a row. */
export interface AggregatePlan {
  readonly make: () => RunningAggregate
  /** Where its argument stands in a row's values; -1: every row counts. */
  readonly column: number
}

/** What the content of a window is aggregated by. */
export interface ContentPlan {
  readonly aggregates: readonly AggregatePlan[]
  readonly group: ValueKey
  readonly maxGroups: number
}

interface Group {
  rows: number
  readonly aggregates: readonly RunningAggregate[]
}

const NOTHING: readonly unknown[] = []

/** The aggregates over the rows one window holds, group by group. A group without rows is forgotten. */
export class WindowContent {
  readonly #plan: ContentPlan
  readonly #groups = new Map<unknown, Group>()

  constructor(plan: ContentPlan) {
    this.#plan = plan
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  /** The aggregates of the row's group, now that the row is part of it. */
  add(row: HeldRow): readonly unknown[] {
    const { aggregates } = this.#plan
    if (aggregates.length === 0) return NOTHING
    const group = this.#groupOf(row)
    group.rows++
    for (let i = 0; i < aggregates.length; i++) {
      const value = argument(row, aggregates[i]!.column)
      if (value !== null) group.aggregates[i]!.add(value, row.seq)
    }
    return valuesOf(group)
  }

  /** The same, now that the row has left it. */
  remove(row: HeldRow): readonly unknown[] {
    const { aggregates } = this.#plan
    if (aggregates.length === 0) return NOTHING
    const group = this.#groupOf(row)
    for (let i = 0; i < aggregates.length; i++) {
      const value = argument(row, aggregates[i]!.column)
      if (value !== null) group.aggregates[i]!.remove(value, row.seq)
    }
    if (--group.rows === 0) this.#groups.delete(this.#plan.group(row.values))
    return valuesOf(group)
  }

  reset(): void {
    this.#groups.clear()
  }

  #groupOf(row: HeldRow): Group {
    const key = this.#plan.group(row.values)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const { maxGroups, aggregates } = this.#plan
    if (this.#groups.size >= maxGroups)
      throw stateFull(`a window holds ${this.#groups.size} groups and maxKeys is ${maxGroups}: raise maxKeys`, {
        value: this.#groups.size,
      })
    const group = { rows: 0, aggregates: aggregates.map(({ make }) => make()) }
    this.#groups.set(key, group)
    return group
  }
}

const argument = (row: HeldRow, column: number): unknown => (column < 0 ? true : row.values[column])

const valuesOf = (group: Group): unknown[] => group.aggregates.map(aggregate => aggregate.value())
