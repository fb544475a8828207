import { describe, expect, it } from 'vitest'
import {
  SharedEventPool,
  SharedEventQueue,
  type SharedEventQueueOptions,
  type SharedPoolHandle,
  type SharedQueueHandle,
} from '../../src/queues/index.ts'
import { f64, i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const points = schema({ x: i32(), y: f64() })
const point = (i: number) => ({ x: i, y: i / 2 })

const codeOf = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
}

const kinds = (['mpmc', 'spsc'] as const).flatMap(kind => (['wasm', 'js'] as const).map(engine => ({ kind, engine })))

describe.each(kinds)('a queue of kind $kind on the engine $engine', ({ kind, engine }) => {
  const numbers = (capacity: number, filled = 0, more: Partial<SharedEventQueueOptions> = {}) => {
    const queue = SharedEventQueue.numbers({ capacity, kind, engine, ...more })
    for (let i = 1; i <= filled; i++) queue.push(i)
    return queue
  }
  const rows = (capacity: number, filled = 0) => {
    const queue = SharedEventQueue.rows(points, { capacity, kind, engine })
    for (let i = 1; i <= filled; i++) queue.push(point(i))
    return queue
  }

  it.each([
    [1.5, 1],
    [0.5, 0],
    [-1, 0],
    [Number.NaN, 0],
    [2 ** 32, 4],
    [2 ** 32 + 1, 4],
    [Number.POSITIVE_INFINITY, 4],
  ])('gives at most %d events, whole ones, each once', (max, given) => {
    const all = [1, 2, 3, 4]
    const queue = numbers(5, 4)
    expect([queue.popBatch(max), queue.drain()]).toEqual([all.slice(0, given), all.slice(given)])
    const more = rows(5, 4)
    expect([...more.popBatch(max), ...more.drain()]).toEqual(all.map(point))
    const columns = numbers(5, 4)
    const value = new Float64Array(9)
    expect(columns.popColumns({ value }, max)).toBe(given)
    expect(columns.drain()).toEqual(all.slice(given))
    expect(columns.state).toBe('open')
  })

  it('takes nothing out into arrays without room', () => {
    const queue = numbers(5, 4)
    expect(queue.popColumns({ value: new Float64Array(0) })).toBe(0)
    expect(queue.drain()).toEqual([1, 2, 3, 4])
    const more = rows(5, 2)
    expect(more.popColumns({ x: new Int32Array(0), y: new Float64Array(3) })).toBe(0)
    expect(more.drain()).toEqual([point(1), point(2)])
    for (const each of [queue, more]) expect(codeOf(() => each.popColumns(undefined as never))).toBe('EVENT_INVALID')
  })

  it.each([-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1'])('pushes no rows of columns from row %s on', from => {
    const queue = numbers(9)
    expect(codeOf(() => queue.pushColumns({ value: Float64Array.of(1, 2) }, from as number))).toBe('OPTION_INVALID')
    const more = rows(9)
    const block = { x: Int32Array.of(1, 2), y: Float64Array.of(1, 2) }
    expect(codeOf(() => more.pushColumns(block, from as number))).toBe('OPTION_INVALID')
    expect([queue.length, more.length]).toEqual([0, 0])
  })

  it('reads columns anew at every call, whatever object they come in', () => {
    const queue = rows(9)
    const block = { x: Int32Array.of(1, 2, 3), y: Float64Array.of(1, 2, 3) }
    expect(queue.pushColumns(block, 2)).toBe(1)
    block.x = Int32Array.of(7, 8, 9)
    expect(queue.pushColumns(block, 2)).toBe(1)
    expect(queue.drain().map(row => row.x)).toEqual([3, 9])
  })

  it('takes arrays in up to the first event that does not fit, and nothing that is no array', async () => {
    const queue = numbers(9)
    expect(codeOf(() => queue.pushBatch([1, 2, '3' as never, 4]))).toBe('EVENT_INVALID')
    expect(queue.drain()).toEqual([1, 2])
    const more = rows(9)
    expect(codeOf(() => more.pushBatch([point(1), point(2), 3 as never]))).toBe('EVENT_INVALID')
    expect(more.drain()).toEqual([point(1), point(2)])
    for (const events of [undefined, 5, {}, new Set([1])] as never[])
      for (const each of [queue, more] as SharedEventQueue<never, unknown>[]) {
        expect(codeOf(() => each.pushBatch(events))).toBe('EVENT_INVALID')
        await expect(each.pushMany(events)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
      }
  })

  it('counts all rows of a push of many that is refused', async () => {
    const queue = numbers(2)
    const five = [1, 2, 3, 4, 5]
    expect(await queue.pushMany(five, { timeoutMs: 1 })).toMatchObject({ reason: 'timeout', accepted: 2, rejected: 3 })
    expect(queue.stats()).toMatchObject({ offered: 5, accepted: 2, rejected: { full: 3, closed: 0 } })
    queue.close()
    expect(await queue.pushMany(five)).toMatchObject({ reason: 'closed', accepted: 0, rejected: 5 })
    expect(queue.stats()).toMatchObject({ offered: 10, accepted: 2, rejected: { full: 3, closed: 5 } })
  })

  it('keeps a row on its way in from a getter that pops', () => {
    const queue = rows(9, 3)
    const popping = (x: number, act: () => unknown) => ({
      x,
      get y() {
        act()
        return 0.5
      },
    })
    queue.push(popping(7, () => queue.pop()))
    queue.pushBatch([point(8), popping(9, () => queue.popBatch(2))])
    expect(queue.drain().map(row => row.x)).toEqual([7, 8, 9])
  })

  it('waits no longer than its strategy says, blocking the thread or not', async () => {
    const queue = numbers(1, 1, { backpressure: { kind: 'block', timeoutMs: 2 } })
    const late = { ok: false, reason: 'timeout' }
    expect(queue.pushSync(2)).toEqual(late)
    expect(await queue.push(2)).toEqual(late)
    expect(await queue.push(2, { timeoutMs: undefined })).toEqual(late)
    expect(queue.stats().rejected.full).toBe(3)
  })

  it('waits for no time that is none, and for no signal that is none', async () => {
    const queue = numbers(1, 1)
    for (const timeoutMs of [Number.NaN, '5', null] as never[])
      for (const wait of [
        () => queue.push(2, { timeoutMs }),
        () => queue.pop({ timeoutMs }),
        () => queue.pushSync(2, timeoutMs),
        () => queue.popSync(timeoutMs),
        () => queue.waitForRoom(timeoutMs),
        () => queue.waitForEvents(timeoutMs),
      ])
        expect(codeOf(wait)).toBe('OPTION_INVALID')
    expect(codeOf(() => queue.push(2, { signal: {} as never }))).toBe('OPTION_INVALID')
    expect(codeOf(() => queue.pop({ timeoutMS: 5 } as never))).toBe('OPTION_INVALID')
    expect(queue.drain()).toEqual([1])
  })

  it('takes a place back once, and works for its thread no more', async () => {
    const queue = numbers(3)
    const gone = SharedEventQueue.attach<number>(queue.share())
    const popping = Promise.resolve(gone.pop())
    gone.detach()
    await expect(popping).rejects.toMatchObject({ code: 'CLOSED' })
    const next = SharedEventQueue.attach<number>(queue.share())
    gone.detach()
    const third = SharedEventQueue.attach<number>(queue.share())
    expect([gone.memberId, next.memberId, third.memberId]).toEqual([1, 1, 2])
    const acts = [
      () => gone.tryPush(1),
      () => gone.push(1),
      () => gone.pushSync(1),
      () => gone.pushBatch([1]),
      () => gone.pushColumns({ value: Float64Array.of(1) }),
      () => gone.tryPop(),
      () => gone.popSync(),
      () => gone.popBatch(1),
      () => gone.popColumns({ value: new Float64Array(1) }),
      () => gone.recover(2),
    ]
    for (const act of acts) expect(codeOf(act)).toBe('CLOSED')
    expect([queue.tryPush(1), third.state, queue.length]).toEqual([true, 'open', 1])
  })

  it('recovers what is no member without harm, and not who asks', () => {
    const queue = numbers(4, 2)
    for (const member of [16, 17, 400, -1, -2, 0.5, Number.NaN])
      expect(queue.recover(member)).toEqual({ givenUp: 0, lost: 0 })
    expect(codeOf(() => queue.recover(queue.memberId))).toBe('OPTION_INVALID')
    expect([queue.drain(), queue.stats().failed]).toEqual([[1, 2], 0])
  })

  it('is not found in a memory made for something else', () => {
    const handle = rows(5).share()
    const other = kind === 'mpmc' ? 'spsc' : 'mpmc'
    const wasm = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    const changes: Record<string, unknown>[] = [
      { capacity: 4 },
      { capacity: 6 },
      { capacity: 40 },
      { members: 2 },
      { members: 17 },
      { kind: other },
      { fields: undefined },
      { fields: null },
      { fields: [1] },
      { fields: [['x', 'utf8', false]] },
      { fields: [['x', 'nope', false]] },
      { fields: [['x', 'i32', 'yes']] },
      {
        fields: [
          ['y', 'f64', false],
          ['x', 'i32', false],
        ],
      },
      { memory: new SharedArrayBuffer(100_000) },
      { memory: new SharedArrayBuffer(10_001) },
      { memory: wasm },
      { memory: new WebAssembly.Memory({ initial: 1 }) },
      { memory: numbers(5).share().memory },
      { memory: SharedEventPool.create(points, { capacity: 999 }).share().memory },
      { backpressure: { kind: 'block', timeoutMs: '5' } },
      { backpressure: { kind: 'block', timeoutMs: 5, attempts: 1 } },
    ]
    for (const change of changes)
      expect([change, codeOf(() => SharedEventQueue.attach({ ...handle, ...change } as SharedQueueHandle))]).toEqual([
        change,
        'OPTION_INVALID',
      ])
  })
})

describe('a shared pool', () => {
  const pool = (capacity = 3) => SharedEventPool.create(points, { capacity, doubleRelease: 'count' })

  it('is not found in a memory made for something else', () => {
    const handle = pool().share()
    const changes: Record<string, unknown>[] = [
      { capacity: 2 },
      { capacity: 4 },
      { members: 15 },
      { members: 17 },
      { fields: [1] },
      { fields: [['x', 'utf8', false]] },
      {
        fields: [
          ['y', 'f64', false],
          ['x', 'i32', false],
        ],
      },
      { memory: new SharedArrayBuffer(100_000) },
      { memory: new SharedArrayBuffer(10_001) },
      { memory: SharedEventQueue.numbers({ capacity: 999, engine: 'js' }).share().memory },
      { whenExhausted: 'wait' },
      { doubleRelease: 7 },
    ]
    for (const change of changes)
      expect([change, codeOf(() => SharedEventPool.attach({ ...handle, ...change } as SharedPoolHandle))]).toEqual([
        change,
        'OPTION_INVALID',
      ])
    for (const options of [{ whenExhausted: 'wait' }, { doubleRelease: 'ignore' }] as object[])
      expect(codeOf(() => SharedEventPool.create(points, { capacity: 1, ...options }))).toBe('OPTION_INVALID')
  })

  it('keeps a row on its way in from a getter that uses other events', () => {
    const events = pool()
    const [other, mine] = [events.acquire(), events.acquire()]
    events.write(other, point(1))
    for (const act of [() => events.read(other), () => events.set(other, 'x', 5), () => events.get(other, 'x')]) {
      events.write(mine, {
        x: 7,
        get y() {
          act()
          return 9
        },
      })
      expect(events.read(mine)).toEqual({ x: 7, y: 9 })
    }
    expect(events.read(other)).toEqual({ x: 5, y: 0.5 })
  })

  it('takes a place back once, and gives nothing to who left', () => {
    const events = pool()
    const gone = SharedEventPool.attach(events.share(), points)
    const handle = events.acquire()
    gone.detach()
    const next = SharedEventPool.attach(events.share(), points)
    const theirs = next.acquire()
    expect([gone.memberId, next.memberId, gone.detach()]).toEqual([1, 1, 0])
    expect(next.isHeld(theirs)).toBe(true)
    for (const act of [
      () => gone.acquire(),
      () => gone.release(handle),
      () => gone.adopt(handle),
      () => gone.recover(1),
    ])
      expect(codeOf(act)).toBe('CLOSED')
    expect(codeOf(() => events.recover(events.memberId))).toBe('OPTION_INVALID')
    expect(events.stats()).toMatchObject({ available: 1, recovered: 0, doubleReleases: 0 })
  })
})
