import Table from 'cli-table3'
import type { Field, ResultBatch } from 'eventflux'

/** Keeps the first rows that come out, as text. */
export class ResultTable {
  readonly #fields: readonly Field[]
  readonly #most: number
  readonly #rows: string[][] = []

  constructor(fields: readonly Field[], most: number) {
    this.#fields = fields
    this.#most = most
  }

  readonly take = (batch: ResultBatch): void => {
    for (let row = 0; row < batch.length && this.#rows.length < this.#most; row++)
      this.#rows.push(this.#fields.map(field => cell(batch, field, row)))
  }

  toString(): string {
    const table = new Table({
      head: this.#fields.map(({ name }) => name),
      // No lines between rows, and no colours in files and pipes.
      chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
      style: process.stdout.isTTY ? {} : { head: [], border: [] },
    })
    table.push(...this.#rows)
    return table.toString()
  }
}

function cell(batch: ResultBatch, { name, type }: Field, row: number): string {
  if (!batch.isValid(name, row)) return ''
  if (type.name === 'utf8') return batch.text(name, row)!
  if (type.name === 'object') return JSON.stringify(batch.object(name, row))
  const value = Number(batch.column(name)[row])
  if (type.name === 'timestamp') return new Date(value).toISOString()
  return value.toLocaleString('en', { useGrouping: false, maximumFractionDigits: 3 })
}
