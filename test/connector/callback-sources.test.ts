import { describe, expect, test } from 'vitest'
import { interval } from '../../src/connector/interval-source.ts'
import { fromEventTarget } from '../../src/connector/listener-source.ts'
import { fromObservable, type ObservableObserver } from '../../src/connector/observable.ts'
import { toSource } from '../../src/connector/to-source.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import { TestIntake } from '../../src/testing/test-intake.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

describe('an interval', () => {
  test('ticks at start + k·ms of the job clock', () => {
    const clock = new VirtualClock(1000)
    const intake = new TestIntake<readonly [number, number]>({ clock })
    void interval(100, tick => [tick, clock.now()] as const).run(intake)
    clock.advance(350)
    expect(intake.events).toEqual([
      [0, 1100],
      [1, 1200],
      [2, 1300],
    ])
    intake.controller.abort()
    clock.advance(1000)
    expect(intake.events).toHaveLength(3)
  })

  test('skips ticks while a push waits, and keeps the numbers of the others', async () => {
    const clock = new VirtualClock(0)
    let free: () => void = () => {}
    const pause = () => new Promise<void>(resolve => (free = resolve))
    const intake = new TestIntake<number>({ clock, pause })
    const running = interval(10, tick => tick, { count: 5 }).run(intake)
    clock.advance(30)
    free()
    await until(() => intake.events.length === 1)
    clock.advance(10)
    free()
    await until(() => intake.events.length === 2)
    clock.advance(10)
    free()
    await running
    expect(intake.events).toEqual([0, 3, 4])
    expect(intake.overruns).toBe(0)
  })

  test('ends with its count, pushes nothing for undefined, and fails with its function', async () => {
    const clock = new VirtualClock(0)
    const intake = new TestIntake<number>({ clock })
    const running = interval(10, tick => (tick % 2 ? tick : undefined), { count: 4 }).run(intake)
    clock.advance(1000)
    await running
    expect(intake.events).toEqual([1, 3])
    const broken = interval(10, () => {
      throw new Error('no reading')
    })
    const failing = toSource(broken).run(new TestIntake({ clock }))
    clock.advance(10)
    await expect(failing).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(() => interval(0, () => 1)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(() => interval(Number.NaN, () => 1)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('an EventTarget', () => {
  test('listens only while it runs, and drops what map drops', async () => {
    const target = new EventTarget()
    const source = fromEventTarget(target, 'n', (e: CustomEvent<number>) => (e.detail > 1 ? e.detail : undefined))
    const intake = new TestIntake<number>()
    const fire = (detail: number) => target.dispatchEvent(new CustomEvent('n', { detail }))
    fire(5)
    const running = source.run(intake)
    for (const n of [1, 2, 3]) fire(n)
    intake.controller.abort()
    await running
    fire(6)
    expect(intake.events).toEqual([2, 3])
  })

  test('keeps maxWaiting events while a push waits and counts the rest', async () => {
    let free: () => void = () => {}
    const intake = new TestIntake<number>({ pause: () => new Promise<void>(resolve => (free = resolve)) })
    const target = new EventTarget()
    const source = fromEventTarget(target, 'n', (e: CustomEvent<number>) => e.detail, { maxWaiting: 3, endOn: 'end' })
    const running = source.run(intake)
    for (let detail = 0; detail < 10; detail++) target.dispatchEvent(new CustomEvent('n', { detail }))
    target.dispatchEvent(new Event('end'))
    free()
    await until(() => intake.pushes === 2)
    free()
    await running
    expect(intake.events).toEqual([0, 1, 2, 3])
    expect(intake.rejected.map(error => [error.code, error.value])).toEqual(
      [4, 5, 6, 7, 8, 9].map(n => ['BACKPRESSURE', n]),
    )
    expect(intake.overruns).toBe(0)
  })

  test('fails by what the intake refuses by throwing, and not in the face of who calls back', async () => {
    const target = new EventTarget()
    const job = await pipeline(schema({ n: i32() }), { engine: 'js' }).run({
      source: fromEventTarget(target, 'n', (e: CustomEvent) => ({ n: e.detail })),
      sink: [],
    })
    await until(() => {
      target.dispatchEvent(new CustomEvent('n', { detail: 'none' }))
      return job.state === 'failed'
    })
    await expect(job.done).rejects.toMatchObject({ code: 'EVENT_INVALID' })
  })

  test.each(['stop', 'end', 'error'] as const)('at its %s, fails when it cannot stop listening', async way => {
    let observer!: Required<ObservableObserver<number>>
    const unsubscribe = () => {
      throw new Error('still here')
    }
    const intake = new TestIntake<number>()
    const running = fromObservable<number>({
      subscribe(given) {
        observer = given
        return { unsubscribe }
      },
    }).run(intake)
    if (way === 'stop') intake.controller.abort()
    else if (way === 'end') observer.complete()
    else observer.error(new Error('the wire is cut'))
    await expect(running).rejects.toThrow(way === 'error' ? 'the wire is cut' : 'still here')
  })

  test('fails when map throws, and stops listening', async () => {
    const target = new EventTarget()
    let calls = 0
    const source = fromEventTarget(target, 'n', () => {
      calls++
      throw new Error('what is this')
    })
    const running = source.run(new TestIntake())
    target.dispatchEvent(new Event('n'))
    target.dispatchEvent(new Event('n'))
    await expect(running).rejects.toThrow('what is this')
    expect(calls).toBe(1)
  })
})
