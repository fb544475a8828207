import { describe, expect, it } from 'vitest'
import { QueueTime } from '../../src/runtime/queue-time.ts'

function queue() {
  const rows = { accepted: 0 }
  return { rows, time: new QueueTime(() => rows.accepted) }
}

describe('the time at a row that leaves a queue', () => {
  it('is now where nothing is left', () => {
    const { rows, time } = queue()
    expect(time.at(0, 10, true)).toBe(10)
    rows.accepted = 3
    expect(time.at(3, 20, true)).toBe(20)
  })

  it('is one by which all rows in front of it had been given', () => {
    const { rows, time } = queue()
    expect(time.at(0, 10, true)).toBe(10)
    rows.accepted = 3
    expect(time.at(0, 50, true)).toBe(10)
    rows.accepted = 5
    expect(time.at(2, 60, true)).toBe(10)
    expect(time.at(3, 70, true)).toBe(50)
    expect(time.at(4, 80, true)).toBe(50)
    expect(time.at(5, 90, true)).toBe(90)
  })

  it('is no later for who looks at the rows after another did', () => {
    const { rows, time } = queue()
    expect(time.at(0, 10, true)).toBe(10)
    rows.accepted = 3
    expect(time.at(0, 50, true)).toBe(10)
    expect(time.at(3, 50, true)).toBe(50)
    expect(time.at(0, 50, true)).toBe(10)
    expect(time.at(3, 50, true)).toBe(50)
  })

  it('never comes to a stop where rows come faster than they go', () => {
    const { rows, time } = queue()
    rows.accepted = 1_000
    let reachedMs = Number.NEGATIVE_INFINITY
    for (let row = 0; row < 100_000; row += 10) {
      rows.accepted += 10
      reachedMs = time.at(row, row, true)
    }
    expect(reachedMs).toBeGreaterThan(100_000 - 3_000)
  })

  it('goes by those who wait for room, too, whoever is answered first', async () => {
    const { rows, time } = queue()
    rows.accepted = 2
    const answers: (() => void)[] = []
    const wait = () => time.wait(new Promise<void>(resolve => answers.push(resolve)))
    wait()
    wait()
    expect(time.at(0, 10, true)).toBe(Number.NEGATIVE_INFINITY)
    wait()
    const [first, second, third] = answers
    rows.accepted = 3
    third!()
    second!()
    await Promise.resolve()
    expect(time.at(3, 20, false)).toBe(Number.NEGATIVE_INFINITY)
    rows.accepted = 4
    first!()
    await Promise.resolve()
    // It may have been any of the four.
    rows.accepted = 6
    expect(time.at(3, 30, true)).toBe(Number.NEGATIVE_INFINITY)
    expect(time.at(4, 30, true)).toBe(10)
  })

  it('waits for nobody who was to be let in and left', async () => {
    const { rows, time } = queue()
    rows.accepted = 1
    time.wait(Promise.reject(new Error('no room')))
    expect(time.at(1, 10, false)).toBe(Number.NEGATIVE_INFINITY)
    await Promise.resolve()
    expect(time.at(1, 20, false)).toBe(20)
  })
})
