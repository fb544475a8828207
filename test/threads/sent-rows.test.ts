import { expect, it } from 'vitest'
import { SentRows } from '../../src/threads/sent-rows.ts'

it('rows are given up in their order, each once, also where positions begin again', () => {
  const sent = new SentRows()
  const done: string[] = []
  const start = 2 ** 32 - 20
  sent.add(start + 10, 5, () => done.push('a'))
  sent.add((start + 30) >>> 0, 7, () => done.push('b'))
  sent.add((start + 40) >>> 0, 1)
  expect(sent.rows).toBe(13)
  expect(sent.takeThrough(start + 9)).toBe(0)
  expect(sent.takeThrough((start + 30) >>> 0)).toBe(12)
  expect([sent.rows, done]).toEqual([1, ['a', 'b']])
  expect(sent.takeAll()).toBe(1)
  expect([sent.rows, sent.takeAll(), done.length]).toEqual([0, 0, 2])
})

it('half of them are through behind the first position with half of the rows before it', () => {
  const sent = new SentRows()
  for (const [position, rows] of [
    [10, 1],
    [20, 4],
    [30, 2],
    [40, 3],
  ] as const)
    sent.add(position, rows)
  expect(sent.halfway).toBe(20)
  sent.takeThrough(20)
  expect(sent.halfway).toBe(40)
})
