import { readFile } from 'node:fs/promises'
import { nameOf, type StatisticsWindow } from './statistics-window.ts'

/** Mean and variance are sums of rounded numbers: they may differ by the order of adding, and by no more than this. */
const RELATIVE_TOLERANCE = 1e-9

/** The windows of an expected file: `key,ws,we,n,s,mn,mx,mean,var`. */
export async function readExpected(file: URL): Promise<StatisticsWindow[]> {
  const [, ...lines] = (await readFile(file, 'utf8')).trim().split('\n')
  return lines.map(line => {
    const [key, ...cells] = line.split(',')
    const [windowStart, windowEnd, count, sum, min, max, mean] = cells.map(Number)
    return {
      key: key!,
      windowStart: windowStart!,
      windowEnd: windowEnd!,
      count: count!,
      sum: sum!,
      min: min!,
      max: max!,
      mean: mean!,
      variance: cells[7] === '' ? null : Number(cells[7]),
    }
  })
}

/** In words, every window that is missing, too many or different. Their order doesn't matter. */
export function differencesOf(found: readonly StatisticsWindow[], expected: readonly StatisticsWindow[]): string[] {
  const differences: string[] = []
  const awaited = new Map(expected.map(window => [nameOf(window), window]))
  for (const window of found) {
    const name = nameOf(window)
    const wanted = awaited.get(name)
    awaited.delete(name)
    if (wanted === undefined) differences.push(`${name}: is not among the expected windows, or came twice`)
    else differences.push(...fieldsThatDiffer(window, wanted).map(text => `${name}: ${text}`))
  }
  for (const name of awaited.keys()) differences.push(`${name}: is missing`)
  return differences
}

function fieldsThatDiffer(found: StatisticsWindow, wanted: StatisticsWindow): string[] {
  const exact = (['count', 'sum', 'min', 'max'] as const).filter(field => found[field] !== wanted[field])
  const rounded = (['mean', 'variance'] as const).filter(field => !isClose(found[field], wanted[field]))
  return [...exact, ...rounded].map(field => `${field} is ${found[field]}, expected ${wanted[field]}`)
}

function isClose(found: number | null, wanted: number | null): boolean {
  if (found === null || wanted === null) return found === wanted
  return Math.abs(found - wanted) <= RELATIVE_TOLERANCE * Math.abs(wanted)
}
