import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { DataType } from '../../schema/data-type.ts'
import { isValueOf } from '../../schema/is-value-of.ts'
import type { HeldRow, RowCodec } from './row-window.ts'

/** The fewest bytes of a row: its number and its time. */
const ROW_BYTES = 16

/** Values of one make as bytes. */
export interface ValueCodec {
  write(writer: StateWriter, value: unknown): void
  /** @throws EventfluxError `CHECKPOINT_INVALID` for what is no such value. */
  read(reader: StateReader): unknown
}

/** Values of a column, null where it may be. */
function valueCodec(type: DataType): ValueCodec {
  const present = presentCodec(type)
  return {
    write(writer, value) {
      writer.bool(value !== null)
      if (value !== null) present.write(writer, value)
    },
    read(reader) {
      if (reader.bool()) return present.read(reader)
      return type.isNullable ? null : reader.refuse(`a value of ${type.name} is missing`)
    },
  }
}

/** What an aggregate takes of a row, null never being among it: nothing, one value, or several. */
export function argumentCodec(types: readonly DataType[]): ValueCodec {
  const codecs = types.map(presentCodec)
  if (codecs.length === 1) return codecs[0]!
  if (codecs.length === 0) return { write() {}, read: () => true }
  return {
    write(writer, values) {
      for (let i = 0; i < codecs.length; i++) codecs[i]!.write(writer, (values as readonly unknown[])[i])
    },
    read: reader => codecs.map(codec => codec.read(reader)),
  }
}

/** Rows of some columns. */
export function rowCodec(types: readonly DataType[]): RowCodec {
  const codecs = types.map(valueCodec)
  return {
    write(writer, { seq, time, values }) {
      writer.f64(seq)
      writer.f64(time)
      for (let i = 0; i < codecs.length; i++) codecs[i]!.write(writer, values[i])
    },
    read(reader) {
      const seq = reader.integer()
      const time = reader.finite()
      return { seq, time, values: codecs.map(codec => codec.read(reader)) }
    },
  }
}

export function writeRows(writer: StateWriter, held: readonly HeldRow[], rows: RowCodec): void {
  writer.u32(held.length)
  for (const row of held) rows.write(writer, row)
}

export function readRows(reader: StateReader, rows: RowCodec): HeldRow[] {
  const held: HeldRow[] = []
  for (let left = reader.count(ROW_BYTES); left > 0; left--) held.push(rows.read(reader))
  return held
}

function presentCodec(type: DataType): ValueCodec {
  switch (type.name) {
    case 'i64':
      return { write: (writer, value) => writer.i64(value as bigint), read: reader => reader.i64() }
    case 'bool':
      return { write: (writer, value) => writer.bool(value as boolean), read: reader => reader.bool() }
    case 'utf8':
      return { write: (writer, value) => writer.text(value as string), read: reader => reader.text() }
    case 'object':
      return { write: (writer, value) => writer.value(value), read: reader => reader.value() }
    default:
      return { write: (writer, value) => writer.f64(value as number), read: reader => numberOf(type, reader) }
  }
}

function numberOf(type: DataType, reader: StateReader): number {
  const value = reader.f64()
  return isValueOf(type, value) ? value : reader.refuse(`${value} is no value of ${type.name}`)
}
