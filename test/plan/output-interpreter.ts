import type { OutputNode } from '../../src/plan/output-rate.ts'
import type { Stage } from './row-interpreter.ts'
import type { Row } from './scalar-interpreter.ts'

/** Thins the output out by counting rows; there is no clock here. */
export function outputStage({ which, rows, by }: OutputNode, next: Stage): Stage {
  if (rows === undefined) throw new Error('the interpreter has no clock')
  const groupOf = (row: Row): string => by.map(name => `${typeof row[name]}:${String(row[name])}`).join('|')
  /** All rows of this stretch; of 'first', all there ever were. */
  let stretch: Row[] = []
  const lastOfEach = (): Row[] => [...new Map(stretch.map(row => [groupOf(row), row])).values()]
  const give = (): void => {
    for (const row of which === 'all' ? stretch : lastOfEach()) next.row(row)
    stretch = []
  }
  return {
    row(row) {
      stretch.push(row)
      if (which !== 'first') {
        if (stretch.length === rows) give()
        return
      }
      const place = stretch.filter(other => groupOf(other) === groupOf(row)).length
      if (place % rows === 1 || rows === 1) next.row(row)
    },
    watermark(value) {
      if (value !== Number.POSITIVE_INFINITY) return
      if (which !== 'first') give()
      next.watermark(value)
    },
  }
}
