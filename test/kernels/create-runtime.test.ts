import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  count,
  createRuntime,
  f64,
  type PipelineConfig,
  pipeline,
  schema,
  timestamp,
  tumbling,
  utf8,
} from '../../src/index.ts'
import { createRuntimeOn, type Runtime, type RuntimeOptions } from '../../src/kernels/create-runtime.ts'
import { pipelineOn } from '../../src/pipeline/start-pipeline.ts'
import { openWorkers } from '../../src/threads/open-workers.ts'
import { ROOT } from '../source-files.ts'

const bytes = await readFile(join(ROOT, 'build/plain.wasm'))
const shared = await readFile(join(ROOT, 'build/shared.wasm'))
/** An entry that brings no kernels. */
const slim = { createRuntime: createRuntimeOn(undefined), pipeline: pipelineOn({ kernels: undefined, openWorkers }) }
const numbers = schema({ x: f64() })

async function engineOf(config: PipelineConfig, runtime?: Runtime): Promise<string> {
  const job = await slim.pipeline(numbers, config).run(runtime ? { runtime, sink: [] } : { sink: [] })
  await job.drain()
  return job.engine
}

afterEach(() => vi.restoreAllMocks())

describe('a module is taken', () => {
  const response = (body: BodyInit = bytes, init?: ResponseInit) => new Response(body, init)
  it.each<[string, () => RuntimeOptions['module']]>([
    ['compiled', () => new WebAssembly.Module(bytes)],
    ['as the bytes', () => bytes],
    ['as a buffer of them', () => new Uint8Array(bytes).buffer],
    ['as a promise of them', async () => bytes],
    ['as a response', () => response()],
    [
      'as a promise of a response of any type',
      async () => response(bytes, { headers: { 'content-type': 'text/plain' } }),
    ],
    ['as what an import gives', () => ({ default: new WebAssembly.Module(bytes) })],
    ['compiled in another realm', () => runInNewContext('new WebAssembly.Module(bytes)', { bytes })],
    ['as bytes of another realm', () => runInNewContext('new Uint8Array(bytes)', { bytes })],
  ])('%s', async (_, module) => {
    const runtime = await slim.createRuntime({ module: module()!, engine: 'wasm' })
    expect(runtime.info).toEqual({ engine: 'wasm', threads: { usable: true } })
    expect(await engineOf({ engine: 'wasm' }, runtime)).toBe('wasm')
  })

  it('only when it is one', async () => {
    for (const module of [42, 'plain.wasm', {}, null, new Uint8Array([1, 2, 3, 4]), new Uint8Array()])
      await expect(slim.createRuntime({ module: module as never })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        at: 'module',
      })
  })

  it('only when it is the kernels of this version, over a memory of its own', async () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    for (const module of [empty, shared])
      await expect(slim.createRuntime({ module })).rejects.toMatchObject({ code: 'OPTION_INVALID', at: 'module' })
  })

  it('when it arrives', async () => {
    const gone = new Error('the network is down')
    await expect(slim.createRuntime({ module: Promise.reject(gone) })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      cause: gone,
    })
    await expect(slim.createRuntime({ module: response('no', { status: 404 }) })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('404'),
    })
  })
})

describe('a runtime', () => {
  it('of the package runs on the kernels that came along', async () => {
    const runtime = await createRuntime()
    expect(runtime.info.engine).toBe('wasm')
    expect(await engineOf({ engine: 'wasm' }, runtime)).toBe('wasm')
  })

  it('is made of the kernels once: jobs compile nothing anew', async () => {
    const compile = vi.spyOn(WebAssembly, 'compile')
    const runtime = await slim.createRuntime({ module: bytes })
    for (let i = 0; i < 3; i++) expect(await engineOf({}, runtime)).toBe('wasm')
    expect(compile).toHaveBeenCalledTimes(1)
  })

  it.each<[RuntimeOptions['engine'], PipelineConfig['engine'], string]>([
    ['auto', 'auto', 'wasm'],
    ['auto', 'js', 'js'],
    ['js', 'auto', 'js'],
    ['wasm', 'js', 'js'],
  ])('of engine %s, and a pipeline of engine %s: %s', async (engine, ofPipeline, expected) => {
    const runtime = await slim.createRuntime({ module: bytes, engine: engine! })
    expect(await engineOf({ engine: ofPipeline! }, runtime)).toBe(expected)
  })

  it('of engine js refuses a pipeline that demands wasm', async () => {
    const runtime = await createRuntime({ engine: 'js' })
    await expect(engineOf({ engine: 'wasm' }, runtime)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })

  it('says why it computes in JavaScript where compiling is refused, and fails where wasm is demanded', async () => {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError("'unsafe-eval' is not allowed"))
    const { info } = await slim.createRuntime({ module: bytes })
    expect(info).toMatchObject({ engine: 'js', fallbackReason: expect.stringContaining('unsafe-eval') })
    await expect(slim.createRuntime({ module: bytes, engine: 'wasm' })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    })
  })

  it('without kernels computes in JavaScript and says how to give it some', async () => {
    const { info } = await slim.createRuntime()
    expect(info).toMatchObject({ engine: 'js', fallbackReason: expect.stringContaining('module') })
    expect(await engineOf({})).toBe('js')
    await expect(engineOf({ engine: 'wasm' })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })

  it('says how many workers its jobs have, unless they say so themselves', async () => {
    const modeOf = async (threads: number | false, workers?: number) => {
      const runtime = await createRuntime({ threads })
      const counts = pipeline(schema({ key: utf8(), time: timestamp() }))
        .eventTime('time')
        .keyBy('key')
        .window(tumbling('1s'))
        .aggregate(() => ({ n: count() }))
      const job = await counts.run({ runtime, ...(workers && { workers }), sink: [] })
      await job.drain()
      return job.mode
    }
    expect(await modeOf(2)).toMatchObject({ kind: 'shards', workers: 2 })
    expect(await modeOf(2, 1)).toMatchObject({ kind: 'shards', workers: 1 })
    expect(await modeOf(false, 2)).toMatchObject({ kind: 'thread', reason: expect.stringContaining('without threads') })
  })

  it.each<[string, object]>([
    ...[-1, 0, 2.5, 65, Number.NaN, '2', true, null].map((threads): [string, object] => ['threads', { threads }]),
    ['worker', { worker: 'worker.js' }],
    ['engine', { engine: 'native' }],
  ])('is not made with %s: %j', async (at, options) => {
    await expect(createRuntime(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(at),
    })
  })

  it('is what run() wants, and nothing else', async () => {
    const run = pipeline(numbers).run({ runtime: {} as never })
    await expect(run).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
