import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { esbuildBundle } from '../bundles.ts'
import { load } from '../installed.ts'
import type { Place, Report } from '../report.ts'
import { Workerd } from './workerd.ts'

const run = promisify(execFile)

interface EdgeRuntimeClass {
  new (options: {
    initialCode: string
    extend(context: object): object
    codeGeneration: object
  }): {
    evaluate(code: string): Promise<string>
  }
}

/** A Worker under workerd, which compiles nothing while it runs: the binary is a module of its configuration. */
export function workerdPlace(runtimes: string, project: string): Place {
  const folder = join(project, 'workerd')
  const name = 'workerd'
  return {
    name,
    engine: 'wasm',
    threads: false,
    version: async () => (await run(join(runtimes, 'node_modules/.bin/workerd'), ['--version'])).stdout.trim().slice(8),
    async run(input) {
      await esbuildBundle(runtimes, project, {
        program: 'worker.mjs',
        into: join(folder, 'worker.js'),
        condition: 'workerd',
      })
      const began = performance.now()
      const workerd = await Workerd.serve(runtimes, folder)
      try {
        const report = (await (await workerd.post('/', input)).json()) as Report
        // Its clock stands still between input and output: ours counts, from the start of the process to the response.
        return { ...report, began, firstResultAt: performance.now() }
      } finally {
        await workerd.stop()
      }
    },
  }
}

/** An edge function, its kernels compiled by the host as deployments do, or as bytes that must not be compiled. */
export function edgePlaces(runtimes: string, project: string): readonly Place[] {
  const version = async (): Promise<string> => {
    const manifest = join(runtimes, 'node_modules/edge-runtime/package.json')
    return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version
  }
  const inRuntime = async (bundle: string, host: object, input: unknown): Promise<Report> => {
    const { EdgeRuntime } = await load<{ EdgeRuntime: EdgeRuntimeClass }>(runtimes, 'edge-runtime')
    const runtime = new EdgeRuntime({
      initialCode: await readFile(bundle, 'utf8'),
      extend: context => Object.assign(context, host),
      codeGeneration: { strings: false, wasm: false },
    })
    return JSON.parse(await runtime.evaluate(`report(${JSON.stringify(JSON.stringify(input))})`)) as Report
  }
  return [
    {
      name: 'edge-runtime',
      engine: 'wasm',
      threads: false,
      version,
      async run(input) {
        const bundle = join(project, 'edge/compiled.js')
        await esbuildBundle(runtimes, project, {
          program: 'edge.mjs',
          into: bundle,
          format: 'iife',
          condition: 'edge-light',
          plugins: [compiledByHost],
        })
        const binary = await readFile(join(project, 'node_modules/eventflux/dist/plain.wasm'))
        return inRuntime(bundle, { plainWasm: await WebAssembly.compile(binary) }, input)
      },
    },
    {
      name: 'edge-runtime, bytes only',
      engine: 'js',
      because: /code generation disallowed/i,
      threads: false,
      version,
      async run(input) {
        const bundle = join(project, 'edge/bytes.js')
        await esbuildBundle(runtimes, project, { program: 'edge.mjs', into: bundle, format: 'iife' })
        return inRuntime(bundle, {}, input)
      },
    },
  ]
}

/** What a deployment makes of `import m from './plain.wasm?module'`: a module that the host puts into a global. */
const compiledByHost = {
  name: 'compiled-by-host',
  setup(build: {
    onResolve(filter: object, resolve: () => object): void
    onLoad(filter: object, load: () => object): void
  }) {
    build.onResolve({ filter: /\.wasm\?module$/ }, () => ({ path: 'plain.wasm', namespace: 'host' }))
    build.onLoad({ filter: /./, namespace: 'host' }, () => ({ contents: 'export default globalThis.plainWasm' }))
  },
}
