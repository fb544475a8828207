import Table from 'cli-table3'
import type { Report } from './run-and-compare.ts'
import { type StatisticsWindow, shortTime } from './statistics-window.ts'

const SHOWN_FIRST = 5
const SHOWN_LAST = 3
const SHOWN_DIFFERENCES = 20

/** The first and the last windows as a table, with totals; and what differs. */
export function printReport({ name, windows: found, differences }: Report): void {
  // Files are read side by side, so which key of a window comes first is chance.
  const windows = [...found].sort((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1))
  const table = new Table({
    head: ['key', 'window', 'count', 'sum', 'min', 'max', 'mean', 'variance'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
    // No lines between rows, and no colours in files and pipes.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: process.stdout.isTTY ? {} : { head: [], border: [] },
  })
  const hidden = windows.length - SHOWN_FIRST - SHOWN_LAST
  table.push(...windows.slice(0, SHOWN_FIRST).map(cells))
  if (hidden > 0) table.push(['…', `${number(hidden)} more`, ...Array<string>(6).fill('')])
  table.push(...windows.slice(Math.max(SHOWN_FIRST, windows.length - SHOWN_LAST)).map(cells))
  table.push(totals(windows))
  console.log(`\n${name}\n${table.toString()}`)

  for (const difference of differences.slice(0, SHOWN_DIFFERENCES)) console.log(`DIFFERENT  ${difference}`)
  const untold = differences.length - SHOWN_DIFFERENCES
  if (untold > 0) console.log(`DIFFERENT  … and ${number(untold)} more`)
}

/** One line: how much, how fast, how right. */
export function printSummary({ name, engine, events, seconds, windows, differences }: Report): void {
  const rate = number(Math.round(events / seconds))
  console.log(
    `${name}: ${number(events)} events in ${seconds.toFixed(2)} s (${rate} events/s with reading the file, ${engine}), ` +
      `${number(windows.length)} windows, ${number(differences.length)} differences`,
  )
}

function cells({ key, windowStart, count, sum, min, max, mean, variance }: StatisticsWindow): string[] {
  const numbers = [count, sum, min, max, mean, variance]
  return [key, shortTime(windowStart), ...numbers.map(value => (value === null ? '' : number(value)))]
}

function totals(windows: readonly StatisticsWindow[]): string[] {
  const count = windows.reduce((events, window) => events + window.count, 0)
  const sum = windows.reduce((total, window) => total + window.sum, 0)
  const min = windows.reduce((least, window) => Math.min(least, window.min), Number.POSITIVE_INFINITY)
  const max = windows.reduce((greatest, window) => Math.max(greatest, window.max), Number.NEGATIVE_INFINITY)
  return ['all', `${number(windows.length)} windows`, ...[count, sum, min, max, sum / count].map(number), '']
}

const number = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 2 })
