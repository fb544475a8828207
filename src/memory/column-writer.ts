import type { EventfluxError } from '../errors.ts'
import { BYTE_WIDTH, storedName } from '../schema/data-type.ts'
import type { KernelExports } from '../wasm/exports.ts'
import type { Arena } from './arena.ts'
import { CodeTranslator, isCodeArray } from './code-translator.ts'
import type { ColumnBuffers, ColumnField } from './column-buffers.ts'
import type { CodedStrings, ColumnBlock } from './column-input.ts'
import { type ColumnSource, type PreparedColumns, prepareColumns, type TypedArray } from './column-source.ts'
import { type FieldSetter, fieldSetter } from './field-setter.ts'
import type { SharedColumns } from './lendable-columns.ts'
import { isLendable, type LentColumn, lentColumn } from './lent-columns.ts'
import type { LinearMemory } from './linear-memory.ts'
import { copyPlain } from './plain-copy.ts'
import { RowFault } from './row-fault.ts'
import { checkMaxStringLength, MAX_STRING_LENGTH, type RowWriterOptions } from './row-writer.ts'
import { textCoders } from './text-coders.ts'
import { copiesWhole, copyPaged, copyTyped, part, setBits } from './typed-copy.ts'

/** A row writer's options, and the kernels that work on whole columns. */
interface ColumnWriterOptions extends RowWriterOptions {
  readonly arena: Arena
  readonly kernels: Pick<KernelExports, 'normaliseTimes' | 'translateCodes' | 'shiftCodes'>
}

/** Columns for some rows in a memory that isn't the job's own, and the kernels over it. */
export interface ColumnsElsewhere {
  readonly memory: LinearMemory
  readonly kernels: Pick<KernelExports, 'normaliseTimes' | 'shiftCodes'>
  /** By field index: where its first row stands, and its bitmap; 0: it can't be null. */
  readonly values: readonly number[]
  readonly validity: readonly number[]
}

/**
 * Writes blocks of columns into columns: typed arrays that fit are copied whole, everything else is checked value by value
 * by the rules of the row writer.
 */
export class ColumnWriter {
  readonly #options: ColumnWriterOptions
  readonly #fault: RowFault
  readonly #setters: readonly FieldSetter[]
  readonly #translators: readonly (CodeTranslator | undefined)[]
  #bound: ColumnBuffers | undefined

  constructor(options: ColumnWriterOptions) {
    const { memory, fields, dictionaries } = options
    const maxStringLength = checkMaxStringLength(options.maxStringLength ?? MAX_STRING_LENGTH)
    const fault = new RowFault(fields, maxStringLength)
    const coders = textCoders(options, fault)
    this.#options = options
    this.#fault = fault
    this.#setters = fields.map((field, i) => fieldSetter(field, i, { memory, coder: coders[i], maxStringLength }))
    this.#translators = dictionaries.map(
      (dictionary, i) => dictionary && new CodeTranslator(dictionary, coders[i]!, maxStringLength, options),
    )
  }

  /**
   * Checks the shape of a block. O(columns).
   *
   * @throws EventfluxError `EVENT_INVALID`: a column is missing, of a wrong sort, or of another length.
   */
  prepare(block: ColumnBlock): PreparedColumns {
    return prepareColumns(this.#options.fields, block)
  }

  /**
   * Writes `count` rows of the block from row `from` on at `row`, `row + 1`, … Returns how many come before the first that
   * doesn't fit; `lastError()` says why it doesn't when that is less than `count`.
   *
   * @throws EventfluxError `STATE_FULL` when a dictionary is full: not the data's fault.
   */
  writeColumns(columns: PreparedColumns, from: number, count: number, row: number): number {
    this.#bind()
    let rows = count
    for (let field = 0; field < this.#setters.length && rows > 0; field++) {
      rows = this.#write(field, columns.sources[field]!, from, rows, row)
    }
    return rows
  }

  /** Whether all columns of the block may be copied whole, as far as that can be told without a look at every value. */
  copiesWhole({ sources }: PreparedColumns): boolean {
    return sources.every((source, field) => {
      const { type } = this.#field(field)
      if (source.kind === 'typed') return source.valid === undefined && copiesWhole(type.name, source.values)
      if (source.kind !== 'coded' || source.valid !== undefined || type.isNullable) return false
      const { codes, dictionary: list } = source.values
      // Codes follow the positions, so none of the list is new.
      return isCodeArray(codes) && this.#translators[field]!.of(list).shift !== 0
    })
  }

  /**
   * Writes `count` rows of a block that `copiesWhole` elsewhere. False: a row doesn't fit, or a list is no longer known. What was
   * written is of no use then, and `writeColumns` finds out more.
   */
  writeElsewhere(columns: PreparedColumns, from: number, count: number, to: ColumnsElsewhere): boolean {
    return columns.sources.every((source, field) => {
      const { type } = this.#field(field)
      if (type.isNullable) setBits(to.memory.u8, to.validity[field]!, 0, count)
      const at = to.values[field]!
      if (source.kind === 'coded') return this.#translateElsewhere(field, source.values, from, count, to)
      const { values } = source as Extract<ColumnSource, { readonly kind: 'typed' }>
      const { name } = type
      return copyTyped(to.memory, to.kernels, name, values, from, count, at / BYTE_WIDTH[name]) === count
    })
  }

  /** Whether all columns of a block that `copiesWhole` stand in some memory, so that they can be read there. */
  isLendable({ sources }: PreparedColumns, shared: SharedColumns): boolean {
    return sources.every((source, field) => isLendable(this.#field(field), source, shared))
  }

  /** Where the columns of a block that `isLendable` stand, from row `from` on. undefined: of `count` rows some don't fit. */
  lent(
    { sources }: PreparedColumns,
    from: number,
    count: number,
    shared: SharedColumns,
  ): readonly LentColumn[] | undefined {
    const columns: LentColumn[] = []
    for (let field = 0; field < sources.length; field++) {
      const source = sources[field]! as Extract<ColumnSource, { readonly kind: 'typed' | 'coded' }>
      const translation = source.kind === 'coded' ? this.#translators[field]!.of(source.values.dictionary) : undefined
      const column = lentColumn(this.#field(field), source, from, count, translation, shared)
      if (column === undefined) return undefined
      columns.push(column)
    }
    return columns
  }

  /** Why the last block stopped: an `EVENT_INVALID` with `name[row]` in `at`. Ask after a refusal only. */
  lastError(): EventfluxError {
    return this.#fault.error()
  }

  #translateElsewhere(
    field: number,
    { codes, dictionary: list }: CodedStrings,
    from: number,
    count: number,
    { memory, kernels, values }: ColumnsElsewhere,
  ): boolean {
    const at = values[field]!
    const { shift, codes: known } = this.#translators[field]!.of(list)
    const given = part(codes as Int32Array, from, count)
    if (shift === 0 || given === undefined) return false
    copyPaged(memory.i32, given, count, at >>> 2)
    return kernels.shiftCodes(at, count, known.length, shift) === count
  }

  #bind(): void {
    const { columns } = this.#options.target
    if (columns === this.#bound) return
    this.#bound = columns
    for (const setter of this.#setters) setter.bind(columns)
  }

  #write(field: number, source: ColumnSource, from: number, count: number, row: number): number {
    const setter = this.#setters[field]!
    switch (source.kind) {
      case 'none':
        for (let i = 0; i < count; i++) setter.setNull(row + i)
        return count
      case 'plain':
        return this.#writePlain(field, source.values, source.valid, from, count, row)
      case 'coded':
        return this.#writeCoded(field, source.values, source.valid, from, count, row)
      case 'typed': {
        const { values } = source
        if (source.valid === undefined) {
          const written = this.#writeWhole(field, values, from, count, row)
          if (written >= 0) return written
        }
        const read = this.#field(field).type.name === 'bool' ? asBoolean(values) : (i: number) => values[i]
        return this.#writeEach(field, read, source.valid, from, count, row)
      }
    }
  }

  /** -1: values of this array must be checked one by one. */
  #writeWhole(field: number, values: TypedArray, from: number, count: number, row: number): number {
    const { type } = this.#field(field)
    const { memory, kernels } = this.#options
    const { values: starts, validity } = this.#bound!
    const written = copyTyped(
      memory,
      kernels,
      type.name,
      values,
      from,
      count,
      starts[field]! / BYTE_WIDTH[type.name] + row,
    )
    if (written < 0) return written
    if (validity[field] !== 0) setBits(memory.u8, validity[field]!, row, written)
    if (written < count) this.#fault.value(field, values[from + written], from + written)
    return written
  }

  /** Runs of numbers at once, and the setter for what ends a run: a null, or what is to be refused. */
  #writePlain(
    field: number,
    values: readonly unknown[],
    valid: Uint8Array | undefined,
    from: number,
    count: number,
    row: number,
  ): number {
    const read = (i: number): unknown => values[i]
    const type = storedName(this.#field(field).type)
    if (valid !== undefined || type === 'utf8' || type === 'bool' || type === 'i64') {
      return this.#writeEach(field, read, valid, from, count, row)
    }
    const { memory } = this.#options
    const first = this.#bound!.values[field]! / BYTE_WIDTH[type] + row
    const bits = this.#bound!.validity[field]!
    for (let i = 0; i < count; i++) {
      let run: number
      try {
        run = copyPlain(memory, type, values, from + i, count - i, first + i)
      } catch {
        // The array is no ordinary one: value by value finds the row that throws.
        return i + this.#writeEach(field, read, valid, from + i, count - i, row + i)
      }
      if (bits !== 0) setBits(memory.u8, bits, row + i, run)
      i += run
      if (i < count && this.#writeEach(field, read, valid, from + i, 1, row + i) === 0) return i
    }
    return count
  }

  #writeCoded(
    field: number,
    { codes, dictionary: list }: CodedStrings,
    valid: Uint8Array | undefined,
    from: number,
    count: number,
    row: number,
  ): number {
    const { type } = this.#field(field)
    const { memory } = this.#options
    const translator = this.#translators[field]!
    const translation = translator.of(list)
    const base = this.#bound!.values[field]! >>> 2
    const bits = this.#bound!.validity[field]!
    let i = 0
    try {
      if (!type.isNullable && isCodeArray(codes)) {
        i = translator.translate(translation, codes, from, count, (base + row) * 4)
      }
      for (; i < count; i++) {
        const position = codes[from + i]
        if (type.isNullable && (isNull(valid, from + i) || position === -1)) {
          this.#setters[field]!.setNull(row + i)
          continue
        }
        const code = translator.codeAt(translation, position)
        if (code === 0) {
          this.#refuseCode(field, list, position, from + i)
          break
        }
        memory.i32[base + row + i] = code
        if (type.isNullable) setBits(memory.u8, bits, row + i, 1)
      }
    } catch (error) {
      this.#fault.thrown(field, error, from + i)
    }
    return i
  }

  #refuseCode(field: number, list: readonly string[], position: unknown, row: number): void {
    const isIndex = Number.isInteger(position) && (position as number) >= 0 && (position as number) < list.length
    this.#fault.value(field, isIndex ? list[position as number] : position, row)
  }

  #writeEach(
    field: number,
    read: (index: number) => unknown,
    valid: Uint8Array | undefined,
    from: number,
    count: number,
    row: number,
  ): number {
    const setter = this.#setters[field]!
    let i = 0
    try {
      for (; i < count; i++) {
        if (isNull(valid, from + i)) {
          setter.setNull(row + i)
          continue
        }
        const value = read(from + i)
        if (setter.set(value, row + i)) continue
        this.#fault.value(field, value, from + i)
        break
      }
    } catch (error) {
      this.#fault.thrown(field, error, from + i)
    }
    return i
  }

  #field(field: number): ColumnField {
    return this.#options.fields[field]!
  }
}

const isNull = (valid: Uint8Array | undefined, row: number): boolean =>
  valid !== undefined && ((valid[row >>> 3]! >> (row & 7)) & 1) === 0

/** Bytes 0 and 1 as booleans; other bytes stay what they are, to be refused. */
const asBoolean =
  (values: TypedArray) =>
  (index: number): unknown => {
    const value = values[index]
    return value === 0 || value === 1 ? value === 1 : value
  }
