import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { BYTE_WIDTH, type DataType, type StoredTypeName, storedName } from '../schema/data-type.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { FIRST_ADDRESS } from './arena.ts'
import { COLUMN_ARRAYS, type ColumnArrayOf } from './column-arrays.ts'
import type { LinearMemory } from './linear-memory.ts'

/** A block of columns to write rows into and lend them: by column an array of its type, of a `utf8` column positions in a list. */
export type LendableColumns<F extends SchemaFields> = {
  readonly [Name in keyof F]: F[Name] extends DataType<infer Type>
    ? Type extends StoredTypeName
      ? ColumnArrayOf[Type]
      : never
    : never
}

/** How much there is to lend. */
export interface LendableSize {
  /** Rows of each block. */
  readonly rows: number
  /** How many blocks; one by default. */
  readonly blocks?: number
}

const SIZE: OptionNames<LendableSize> = { rows: true, blocks: true }

/** Memory that all threads of a job may read: nothing but columns stands in it. */
export interface SharedColumns {
  /** What the threads know it by. */
  readonly number: number
  readonly memory: LinearMemory
  readonly kernels: Pick<KernelExports, 'normaliseTimes' | 'rangeF64' | 'rangeI32'>
}

/** Where in such memory there is room for what a kernel says: no column stands below `FIRST_ADDRESS`. */
export const SAID_BY_KERNELS = 16

/** Each column begins in a cache line of its own. */
const LINE = 64
const MOST_BYTES = 2 ** 32 - 2 ** 16

/**
 * Blocks of columns, side by side in one piece of memory.
 *
 * @param allocate Makes memory; its first `FIRST_ADDRESS` bytes stay free.
 * @throws EventfluxError `OPTION_INVALID` for a size that isn't one, or more than 4 GiB - 64 KiB in all.
 */
export function lendableColumns<F extends SchemaFields>(
  { fields }: Schema<F>,
  size: LendableSize,
  allocate: (bytes: number) => ArrayBufferLike,
): LendableColumns<F>[] {
  checkOptions('lendableColumns', size, SIZE)
  const rows = checkedCount('rows', size.rows)
  const blocks = checkedCount('blocks', size.blocks ?? 1)
  const widths = fields.map(({ type }) => Math.ceil((BYTE_WIDTH[type.name] * rows) / LINE) * LINE)
  const bytes = FIRST_ADDRESS + blocks * widths.reduce((sum, width) => sum + width, 0)
  if (bytes > MOST_BYTES)
    throw optionInvalid(`${blocks} blocks of ${rows} rows are ${bytes} bytes: at most ${MOST_BYTES} can be lent`, {
      value: bytes,
      at: 'blocks',
    })
  const buffer = allocate(bytes)
  let at = FIRST_ADDRESS
  return Array.from({ length: blocks }, () => {
    const block: Record<string, unknown> = {}
    fields.forEach(({ name, type }, i) => {
      block[name] = new COLUMN_ARRAYS[storedName(type)](buffer, at, rows)
      at += widths[i]!
    })
    return block as LendableColumns<F>
  })
}

function checkedCount(name: keyof LendableSize, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw optionInvalid(`${name} of lendableColumns is a whole number above 0, not ${show(value)}`, { value, at: name })
}
