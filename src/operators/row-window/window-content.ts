import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { checkpointMismatch, stateFull } from '../../errors.ts'
import type { RunningAggregate } from './aggregates/running-aggregate.ts'
import type { HeldRow } from './row-window.ts'
import type { ValueCodec } from './value-codec.ts'
import type { ValueKey } from './value-key.ts'

/** An aggregate and the value it takes of a row. */
interface AggregatePlan {
  readonly make: () => RunningAggregate
  /** Where its arguments stand in a row's values; none: every row counts. */
  readonly columns: readonly number[]
  /** The value as bytes. */
  readonly codec: ValueCodec
  /** Whether it goes by all rows there ever were, not by those there are. */
  readonly isForever: boolean
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

/**
 * The aggregates over the rows one window holds, group by group. A group without rows is forgotten, but for what goes by
 * all rows there ever were.
 */
export class WindowContent {
  readonly #plan: ContentPlan
  readonly #groups = new Map<unknown, Group>()
  /** Of every group there ever was, where the plan has such: undefined for the others. */
  readonly #forever = new Map<unknown, readonly (RunningAggregate | undefined)[]>()

  constructor(plan: ContentPlan) {
    this.#plan = plan
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0 && this.#forever.size === 0
  }

  /** The aggregates of the row's group, now that the row is part of it. */
  add(row: HeldRow): readonly unknown[] {
    const { aggregates } = this.#plan
    if (aggregates.length === 0) return NOTHING
    const group = this.#groupOf(row)
    group.rows++
    for (let i = 0; i < aggregates.length; i++) {
      const value = argument(row, aggregates[i]!.columns)
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
      const value = argument(row, aggregates[i]!.columns)
      if (value !== null) group.aggregates[i]!.remove(value, row.seq)
    }
    if (--group.rows === 0) this.#groups.delete(this.#plan.group(row.values))
    return valuesOf(group)
  }

  reset(): void {
    this.#groups.clear()
  }

  /** Writes the aggregates of its groups: those that outlive their rows first. */
  snapshot(writer: StateWriter): void {
    const { aggregates } = this.#plan
    writer.u32(this.#forever.size)
    for (const [key, kept] of this.#forever) {
      writer.value(key)
      kept.forEach((aggregate, i) => {
        aggregate?.snapshot(writer, aggregates[i]!.codec)
      })
    }
    writer.u32(this.#groups.size)
    for (const [key, group] of this.#groups) {
      writer.value(key)
      writer.f64(group.rows)
      group.aggregates.forEach((aggregate, i) => {
        if (!aggregates[i]!.isForever) aggregate.snapshot(writer, aggregates[i]!.codec)
      })
    }
  }

  /** Takes over in a new content what another of the same plan held. */
  restore(reader: StateReader): void {
    const { aggregates, maxGroups } = this.#plan
    for (let left = reader.count(1); left > 0; left--) {
      const kept = this.#foreverOf(reader.value()) ?? reader.refuse('aggregates that outlive their rows, where none do')
      kept.forEach((aggregate, i) => {
        aggregate?.restore(reader, aggregates[i]!.codec)
      })
    }
    for (let left = reader.count(9); left > 0; left--) {
      const key = reader.value()
      const rows = reader.amount()
      const forever = this.#foreverOf(key)
      const group = { rows, aggregates: aggregates.map(({ make }, i) => forever?.[i] ?? make()) }
      group.aggregates.forEach((aggregate, i) => {
        if (!aggregates[i]!.isForever) aggregate.restore(reader, aggregates[i]!.codec)
      })
      this.#groups.set(key, group)
    }
    const held = Math.max(this.#groups.size, this.#forever.size)
    if (held > maxGroups)
      throw checkpointMismatch(`the state has ${held} groups and maxKeys is ${maxGroups}: raise maxKeys`, {
        value: held,
      })
  }

  #groupOf(row: HeldRow): Group {
    const key = this.#plan.group(row.values)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const { maxGroups, aggregates } = this.#plan
    const held = Math.max(this.#groups.size, this.#forever.size)
    if (held >= maxGroups && !this.#forever.has(key))
      throw stateFull(`a window holds ${held} groups and maxKeys is ${maxGroups}: raise maxKeys`, { value: held })
    const forever = this.#foreverOf(key)
    const group = { rows: 0, aggregates: aggregates.map(({ make }, i) => forever?.[i] ?? make()) }
    this.#groups.set(key, group)
    return group
  }

  #foreverOf(key: unknown): readonly (RunningAggregate | undefined)[] | undefined {
    const { aggregates } = this.#plan
    if (!aggregates.some(({ isForever }) => isForever)) return undefined
    const known = this.#forever.get(key)
    if (known !== undefined) return known
    const made = aggregates.map(({ isForever, make }) => (isForever ? make() : undefined))
    this.#forever.set(key, made)
    return made
  }
}

/** The argument, or the array of them; null where one of them is. */
function argument({ values }: HeldRow, columns: readonly number[]): unknown {
  if (columns.length === 0) return true
  if (columns.length === 1) return values[columns[0]!]
  const several = columns.map(column => values[column])
  return several.includes(null) ? null : several
}

const valuesOf = (group: Group): unknown[] => group.aggregates.map(aggregate => aggregate.value())
