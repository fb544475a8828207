import { afterEach, describe, expect, it, vi } from 'vitest'
import { createEngine, createEngineSync, type Engine, type EngineOptions } from '../../src/kernels/engine.ts'

const makers: [string, (options: EngineOptions) => Promise<Engine>][] = [
  ['createEngine', createEngine],
  ['createEngineSync', async options => createEngineSync(options)],
]

/** The modules with nothing compiled yet, in a world where WebAssembly refuses. */
async function refusing(message: string): Promise<typeof import('../../src/kernels/engine.ts')> {
  vi.resetModules()
  vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError(message))
  vi.spyOn(WebAssembly, 'Module').mockImplementation(
    class {
      constructor() {
        throw new WebAssembly.CompileError(message)
      }
    },
  )
  return import('../../src/kernels/engine.ts')
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe.each(makers)('%s', (_, make) => {
  it.each(['auto', 'wasm', 'js'] as const)('gives an engine that computes: %s', async engine => {
    const made = await make({ engine, maxBytes: 1 << 20 })
    expect(made.name).toBe(engine === 'js' ? 'js' : 'wasm')
    expect(made.fallbackReason).toBeUndefined()
    made.memory.f64.set([1, 2, 3], 0)
    made.kernels.addF64ColConst(0, 10, 3, 64)
    expect([...made.memory.f64.subarray(8, 11)]).toEqual([11, 12, 13])
  })

  it.each(['wasm', 'js'] as const)('the kernels see the memory after it has grown: %s', async engine => {
    const { memory, kernels } = await make({ engine, maxBytes: 1 << 20 })
    memory.ensure(500_000)
    kernels.fillF64(400_000, 2, 1.5)
    expect([...memory.f64.subarray(50_000, 50_002)]).toEqual([1.5, 1.5])
  })

  it.each(['wasm', 'js'] as const)('begins with the bytes asked for: %s', async engine => {
    const { memory } = await make({ engine, initialBytes: 200_000, maxBytes: 1 << 20 })
    expect(memory.byteLength).toBe(262_144)
  })

  it('engines share no memory', async () => {
    const [first, second] = [
      await make({ engine: 'wasm', maxBytes: 65_536 }),
      await make({ engine: 'wasm', maxBytes: 65_536 }),
    ]
    first.kernels.fill1(100, 1, 7)
    expect(second.memory.u8[100]).toBe(0)
  })

  it('refuses an engine it does not know', async () => {
    const made = make({ engine: 'native' as 'wasm', maxBytes: 65_536 })
    await expect(made).rejects.toMatchObject({ code: 'OPTION_INVALID', value: 'native' })
  })
})

describe('where WebAssembly is refused', () => {
  it('auto computes in JavaScript and says why', async () => {
    const engines = await refusing('code generation is disallowed here')
    for (const made of [
      await engines.createEngine({ engine: 'auto', maxBytes: 65_536 }),
      engines.createEngineSync({ engine: 'auto', maxBytes: 65_536 }),
    ]) {
      expect(made.name).toBe('js')
      expect(made.fallbackReason).toContain('code generation is disallowed here')
      made.kernels.fillF64(64, 1, 2.5)
      expect(made.memory.f64[8]).toBe(2.5)
    }
  })

  it('wasm fails with ENGINE_UNAVAILABLE and the cause', async () => {
    const engines = await refusing('no')
    const options = { engine: 'wasm', maxBytes: 65_536 } as const
    await expect(engines.createEngine(options)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    expect(() => engines.createEngineSync(options)).toThrow(expect.objectContaining({ code: 'ENGINE_UNAVAILABLE' }))
  })

  it('a platform without WebAssembly gets the js engine', async () => {
    vi.resetModules()
    const { createEngine: create, createEngineSync: createSync } = await import('../../src/kernels/engine.ts')
    vi.stubGlobal('WebAssembly', undefined)
    expect((await create({ engine: 'auto', maxBytes: 65_536 })).name).toBe('js')
    expect(createSync({ engine: 'auto', maxBytes: 65_536 }).name).toBe('js')
  })

  it('a refusal is not remembered', async () => {
    const engines = await refusing('not now')
    expect((await engines.createEngine({ engine: 'auto', maxBytes: 65_536 })).name).toBe('js')
    vi.restoreAllMocks()
    expect((await engines.createEngine({ engine: 'auto', maxBytes: 65_536 })).name).toBe('wasm')
  })
})

describe('compiling', () => {
  it('happens once for all engines, also for those made at the same time', async () => {
    vi.resetModules()
    const fresh = await import('../../src/kernels/engine.ts')
    const compile = vi.spyOn(WebAssembly, 'compile')
    const options = { engine: 'wasm', maxBytes: 65_536 } as const
    await Promise.all([fresh.createEngine(options), fresh.createEngine(options), fresh.createEngine(options)])
    fresh.createEngineSync(options)
    expect(compile).toHaveBeenCalledTimes(1)
  })
})
