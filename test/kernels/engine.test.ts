import { afterEach, describe, expect, it, vi } from 'vitest'
import plain from '#wasm/plain.wasm'
import { createEngine, createEngineSync, type Engine, type EngineOptions } from '../../src/kernels/engine.ts'
import { fromBase64 } from '../../src/wasm/from-base64.ts'
import { KernelModule } from '../../src/wasm/kernel-module.ts'

const bytes = fromBase64(plain)
const module = new KernelModule(() => bytes)

const makers: [string, (options: EngineOptions) => Promise<Engine>][] = [
  ['createEngine', options => createEngine({ module, ...options })],
  ['createEngineSync', async options => createEngineSync({ module, ...options })],
]

/** Kernels that aren't compiled yet, in a world where WebAssembly refuses. */
function refused(message: string): KernelModule {
  vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError(message))
  vi.spyOn(WebAssembly, 'Module').mockImplementation(
    class {
      constructor() {
        throw new WebAssembly.CompileError(message)
      }
    },
  )
  return new KernelModule(() => bytes)
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
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
    const options = { engine: 'auto', maxBytes: 65_536, module: refused('code generation is disallowed here') } as const
    for (const made of [await createEngine(options), createEngineSync(options)]) {
      expect(made.name).toBe('js')
      expect(made.fallbackReason).toContain('code generation is disallowed here')
      made.kernels.fillF64(64, 1, 2.5)
      expect(made.memory.f64[8]).toBe(2.5)
    }
  })

  it('wasm fails with ENGINE_UNAVAILABLE and the cause', async () => {
    const options = { engine: 'wasm', maxBytes: 65_536, module: refused('no') } as const
    await expect(createEngine(options)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    expect(() => createEngineSync(options)).toThrow(expect.objectContaining({ code: 'ENGINE_UNAVAILABLE' }))
  })

  it('a platform without WebAssembly gets the js engine', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const options = { engine: 'auto', maxBytes: 65_536, module: new KernelModule(() => bytes) } as const
    expect((await createEngine(options)).name).toBe('js')
    expect(createEngineSync(options).name).toBe('js')
  })

  it('a refusal is not remembered', async () => {
    const options = { engine: 'auto', maxBytes: 65_536, module: refused('not now') } as const
    expect((await createEngine(options)).name).toBe('js')
    vi.restoreAllMocks()
    expect((await createEngine(options)).name).toBe('wasm')
  })

  it('so it is where no compiled kernels were given', async () => {
    expect(await createEngine({ engine: 'auto', maxBytes: 65_536 })).toMatchObject({
      name: 'js',
      fallbackReason: expect.stringContaining('createRuntime({ module })'),
    })
    await expect(createEngine({ engine: 'wasm', maxBytes: 65_536 })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    })
  })
})

describe('compiling', () => {
  it('happens once for all engines, also for those made at the same time', async () => {
    const compile = vi.spyOn(WebAssembly, 'compile')
    const options = { engine: 'wasm', maxBytes: 65_536, module: new KernelModule(() => bytes) } as const
    await Promise.all([createEngine(options), createEngine(options), createEngine(options)])
    createEngineSync(options)
    expect(compile).toHaveBeenCalledTimes(1)
  })
})
