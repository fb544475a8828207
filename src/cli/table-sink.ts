import Table from 'cli-table3'
import type { Field, Sink } from 'eventflux'

/** Rows of a table at most: then another one follows. */
const MAX_ROWS = 500

const RIGHT = new Set(['f64', 'f32', 'i32', 'u32', 'i64'])

/** Writes rows as tables to be read by people: one when the stream pauses, and one for each some hundred rows. */
export function tableSink(output: Sink<Uint8Array>, fields: readonly Field[]): Sink<object> {
  let rows: string[][] = []
  const write = (): void | Promise<void> => {
    if (rows.length === 0) return
    const text = `${tableOf(fields, rows)}\n`
    rows = []
    return output.write(new TextEncoder().encode(text))
  }
  return {
    name: 'table',
    write(row) {
      rows.push(fields.map(field => cell(field, (row as Record<string, unknown>)[field.name])))
      if (rows.length >= MAX_ROWS) return write()
    },
    async flush() {
      await write()
      await output.flush?.()
    },
    async close(failure) {
      try {
        await write()
      } finally {
        await output.close?.(failure)
      }
    },
  }
}

function tableOf(fields: readonly Field[], rows: readonly string[][]): string {
  const table = new Table({
    head: fields.map(({ name }) => shown(name)),
    colAligns: fields.map(({ type }) => (RIGHT.has(type.name) ? 'right' : 'left')),
    // No lines between rows, and no colours in files and pipes.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: process.stdout.isTTY ? { head: ['bold'] } : { head: [], border: [] },
  })
  table.push(...rows)
  return table.toString()
}

function cell({ type }: Field, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (type.name === 'timestamp') return isoText(Number(value))
  if (type.name === 'f64' || type.name === 'f32')
    return Number(value).toLocaleString('en', { useGrouping: false, maximumFractionDigits: 6 })
  return shown(typeof value === 'object' ? JSON.stringify(value, withDigits) : String(value))
}

/** JSON has no bigint: a list of i64 is shown as texts of all their digits. */
const withDigits = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

/** Text in one line, without what a terminal would take for a command. */
const shown = (text: string): string =>
  text.replace(/\p{Cc}/gu, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Times beyond the calendar (windows without an end) stay numbers. */
const isoText = (time: number): string => (Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time))
