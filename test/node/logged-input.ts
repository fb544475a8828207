import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What the sources under test give. */
export interface Row {
  readonly id: number
  readonly name: string | null
}
export const rowOf = (id: number): Row => ({ id, name: id % 5 === 0 ? null : `name ${id % 7}` })
export const rowsFrom = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => rowOf(from + i))

/** The files of a log, in order. */
export const filesOf = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).sort().map(name => join(directory, name))
