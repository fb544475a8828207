import { describe, expect, it } from 'vitest'
import * as arrow from '../../src/arrow/index.ts'
import * as exporters from '../../src/exporters/index.ts'
import * as main from '../../src/index.ts'
import * as node from '../../src/node/index.ts'
import * as queues from '../../src/queues/index.ts'
import * as testing from '../../src/testing/index.ts'
import * as threads from '../../src/threads/index.ts'
import * as web from '../../src/web/index.ts'

/** What a program without types can give a function, whatever that takes. */
const NONSENSE: readonly (readonly unknown[])[] = [[], [undefined], [null], [{}], [5], [NaN], ['x'], [[]], [() => 0]]

/** Made by the library itself; their types let nobody else do so. */
const NOT_CALLED = new Set([
  ...['Job', 'Schema', 'Pipeline', 'KeyedPipeline', 'WindowedPipeline', 'RowWindowedPipeline'],
  ...['ParallelPipeline', 'ProcessingStage', 'SharedEventPool', 'SharedEventQueue'],
  // They begin to read, or to write.
  ...['stdin', 'stdout'],
])

async function rawError(of: unknown, given: readonly unknown[]): Promise<unknown> {
  try {
    if (/^class\b/.test(String(of))) new (of as new (...given: readonly unknown[]) => unknown)(...given)
    else await (of as (...given: readonly unknown[]) => unknown)(...given)
    return undefined
  } catch (error) {
    return error instanceof main.EventfluxError ? undefined : String(error)
  }
}

describe('nonsense as first argument', () => {
  const entries = { main, node, web, queues, threads, arrow, exporters, testing }
  it.each(Object.entries(entries))('is refused by an error of the library, if it is: %s', async (_, entry) => {
    const functions = Object.entries(entry).filter(([name, of]) => typeof of === 'function' && !NOT_CALLED.has(name))
    const raw: unknown[] = []
    for (const [name, of] of functions)
      for (const given of NONSENSE) {
        const error = await rawError(of, given)
        if (error !== undefined) raw.push([name, given, error])
      }
    expect(raw).toEqual([])
  })

  it.each<[string, () => unknown]>([
    ['a port', () => web.fromPort({} as never)],
    ['a job to be read', () => main.toReadableStream({} as never)],
    ['a job to be observed', () => main.toObservable({} as never)],
    ['a client of a store', () => main.keyValueStore({} as never)],
    ['the time of a clock', () => new testing.VirtualClock('1' as never)],
    ['dropped events', () => new main.PipelineMetrics().recordDrop('1' as never)],
    ['failed events', () => new main.PipelineMetrics().recordError(-1)],
    ['the state of a chain', () => new main.ProcessorChain([]).restore(undefined)],
  ])('is refused where it is given, not where it is used: for %s', (_, give) => {
    expect(give).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('is refused as options of an inspection', async () => {
    const inspecting = main.inspectCheckpoint(main.encodeCheckpoint([]), null as never)
    await expect(inspecting).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('gives no advice on what is no snapshot', () => {
    for (const given of [{}, { edges: [] }, [], undefined])
      expect(() => main.recommend(given as never)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', at: 'recommend', value: given }),
      )
  })
})
