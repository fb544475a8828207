import type { SortTerm } from '../../expression/ordering.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import { type ValueReader, valueReaders } from '../../memory/value-reader.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import { type CompiledExpression, ExpressionSet } from '../evaluator/expression-set.ts'
import { type OutputColumn, OutputColumns, type OutputRow } from './output-columns.ts'

interface ChunkOrderOptions {
  /** Over the columns the window puts out. Empty: rows stay in the order they came. */
  readonly order: readonly SortTerm[]
  readonly offset: number
  readonly limit: number
}

interface Term {
  readonly expression: CompiledExpression
  readonly read: ValueReader
  readonly isDescending: boolean
}

/** A row of a chunk, and what it is ordered by. */
interface Ranked {
  readonly row: OutputRow
  readonly by: readonly unknown[]
}

/** Puts the rows of one chunk in an order, and keeps some of them: those behind the first `offset`, at most `limit`. */
export class ChunkOrder {
  readonly #options: ChunkOrderOptions
  readonly #maxBatch: number
  readonly #columns: OutputColumns
  readonly #set: ExpressionSet
  readonly #terms: readonly Term[]

  constructor(context: EvaluationContext, columns: readonly OutputColumn[], options: ChunkOrderOptions) {
    this.#options = options
    this.#maxBatch = context.maxBatch
    this.#columns = new OutputColumns(context, columns)
    this.#set = new ExpressionSet(columns, context)
    this.#terms = options.order.map(({ expression, direction }) => {
      const compiled = this.#set.compile(expression)
      const [read] = valueReaders(context.arena.memory, [{ name: '', type: compiled.type }])
      return { expression: compiled, read: read!, isDescending: direction === 'desc' }
    })
  }

  /** The chunk is over: adds what is kept of it to `into`. */
  take(chunk: readonly OutputRow[], into: OutputRow[]): void {
    const { offset, limit } = this.#options
    const rows = this.#terms.length === 0 ? chunk : this.#sorted(chunk)
    const end = Math.min(rows.length, offset + limit)
    for (let i = offset; i < end; i++) into.push(rows[i]!)
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#columns.markCodes(dictionary, mark)
  }

  close(): void {
    this.#columns.close()
    this.#set.close()
  }

  #sorted(chunk: readonly OutputRow[]): readonly OutputRow[] {
    const ranked: Ranked[] = []
    for (let from = 0; from < chunk.length; from += this.#maxBatch) {
      const to = Math.min(chunk.length, from + this.#maxBatch)
      this.#set.bind(this.#columns.write(chunk, from, to))
      const vectors = this.#terms.map(({ expression }) => expression.evaluate())
      for (let i = from; i < to; i++)
        ranked.push({ row: chunk[i]!, by: this.#terms.map(({ read }, term) => read(vectors[term]!, i - from)) })
    }
    return ranked.sort((a, b) => this.#compare(a, b)).map(({ row }) => row)
  }

  #compare(a: Ranked, b: Ranked): number {
    for (const [i, { isDescending }] of this.#terms.entries()) {
      const way = compareValues(a.by[i] as number | null, b.by[i] as number | null, isDescending)
      if (way !== 0) return way
    }
    return 0
  }
}

/** Rows without a value come last in either direction. */
function compareValues(a: number | null, b: number | null, isDescending: boolean): number {
  const isMissing = Number(a === null || Number.isNaN(a)) - Number(b === null || Number.isNaN(b))
  if (isMissing !== 0 || a === null || b === null) return isMissing
  if (a < b) return isDescending ? 1 : -1
  return a > b ? (isDescending ? -1 : 1) : 0
}
