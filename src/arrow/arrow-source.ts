import type { RecordBatch, Table } from 'apache-arrow'
import { AbortGate } from '../connector/abort-gate.ts'
import { goesOn } from '../connector/goes-on.ts'
import { untilAborted } from '../connector/iterable-source.ts'
import type { Source, SourceIntake } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { optionInvalid, sourceFailed } from '../errors.ts'
import type { Schema } from '../schema/schema.ts'
import { nextTurn } from '../time/turn.ts'
import { type ArrowLibrary, loadArrow } from './arrow-library.ts'
import { columnBlock } from './column-block.ts'
import { dataOfArrow, dataOfFlechette } from './column-data.ts'
import { type FlechetteTable, isFlechetteTable } from './flechette-table.ts'

/** Bytes of Arrow's IPC formats (stream or file), whole or as they come, or record batches. */
export type ArrowInput =
  | Table
  | FlechetteTable
  | Uint8Array
  | ArrayBuffer
  | Iterable<RecordBatch>
  | AsyncIterable<RecordBatch | Uint8Array>
  | ReadableStream<Uint8Array>

/**
 * Apache Arrow as a source: a table, record batches, or bytes of the IPC formats. Columns go in without an object per row,
 * and numbers without a copy before the one into the queue. `timestamp` columns take every unit and dates, `utf8` text and
 * dictionaries of text. Bytes and record batches need the package `apache-arrow`; a table of `@uwdata/flechette` needs nothing
 * beside itself, so `arrowSource(tableFromIPC(bytes))` does for bytes there.
 *
 * @param schema default: the schema of the pipeline it feeds. Other columns are passed over.
 * @example
 * import { tableFromArrays } from 'apache-arrow'
 * const source = arrowSource(tableFromArrays({ price: Float64Array.of(10.5, 11) }), schema({ price: f64() }))
 */
export function arrowSource(
  input: ArrowInput,
  schema?: Schema,
  options: { readonly name?: string } = {},
): Source<never> {
  const { name = 'arrow' } = options
  let rows = 0
  return toSource<never>({
    get metadata() {
      const replayable = !(Symbol.asyncIterator in input || 'getReader' in input)
      return { name, kind: 'arrow', ...(schema ? { schema } : {}), offset: rows, replayable, bounded: true }
    },
    async run(intake) {
      const of = schema ?? intake.schema
      if (!of) throw optionInvalid(`source "${name}" needs a schema: give it as second argument`, { at: name })
      const gate = new AbortGate(intake.signal)
      const batches = isFlechetteTable(input) ? columnsOfFlechette(input, name) : columnsOfArrow(input)
      try {
        for await (const { numRows, columns } of untilAborted(batches, intake.signal)) {
          if (!(await take(columnBlock(columns, of, name), intake, gate))) return
          rows += numRows
          await nextTurn()
        }
      } finally {
        gate.close()
      }
    },
  })
}

function take(
  block: Parameters<SourceIntake['pushColumns']>[0],
  intake: SourceIntake<never>,
  gate: AbortGate,
): boolean | Promise<boolean> {
  // A batch without columns has nothing to say how long it is.
  return Object.keys(block).length === 0 || goesOn(intake.pushColumns(block), gate)
}

/** A record batch: how many rows it has, and its columns. */
interface BatchColumns {
  readonly numRows: number
  readonly columns: Parameters<typeof columnBlock>[0]
}

async function* columnsOfArrow(input: Exclude<ArrowInput, FlechetteTable>): AsyncGenerator<BatchColumns, void, void> {
  const arrow = await loadArrow()
  for await (const batch of batchesOf(arrow, input)) {
    const names = batch.schema.fields.map(field => field.name)
    const get = (name: string) => {
      const data = batch.getChild(name)?.data[0]
      return data && dataOfArrow(arrow, data)
    }
    yield { numRows: batch.numRows, columns: { names, get } }
  }
}

async function* columnsOfFlechette(table: FlechetteTable, at: string): AsyncGenerator<BatchColumns, void, void> {
  const { children, schema } = table
  const names = schema.fields.map(field => field.name)
  for (let i = 0; i < (children[0]?.data.length ?? 0); i++) {
    const numRows = children[0]!.data[i]!.length
    if (children.some(({ data }) => data[i]?.length !== numRows))
      throw sourceFailed(`the columns of source "${at}" are divided into batches of different lengths`, { at })
    const get = (name: string) => {
      const column = children[names.indexOf(name)]
      return column && dataOfFlechette(column, column.data[i]!)
    }
    yield { numRows, columns: { names, get } }
  }
}

async function* batchesOf(
  arrow: ArrowLibrary,
  input: Exclude<ArrowInput, FlechetteTable>,
): AsyncGenerator<RecordBatch, void, void> {
  if (input instanceof arrow.Table) {
    yield* input.batches
    return
  }
  if (input instanceof Uint8Array || input instanceof ArrayBuffer || 'getReader' in input) {
    yield* await readerOf(arrow, input)
    return
  }
  if (Symbol.iterator in input) {
    yield* input
    return
  }
  const items = (input as AsyncIterable<RecordBatch | Uint8Array>)[Symbol.asyncIterator]()
  const first = await items.next()
  if (first.done) return
  const all = { [Symbol.asyncIterator]: () => joined(first.value, items) }
  if (first.value instanceof Uint8Array) yield* await readerOf(arrow, all as AsyncIterable<Uint8Array>)
  else yield* all as AsyncIterable<RecordBatch>
}

async function readerOf(arrow: ArrowLibrary, bytes: unknown): Promise<AsyncIterable<RecordBatch>> {
  return (await arrow.RecordBatchReader.from(bytes as AsyncIterable<Uint8Array>)) as AsyncIterable<RecordBatch>
}

async function* joined<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T, void, void> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}
