import { execFileSync } from 'node:child_process'
import { copyFile, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { defineConfig, type Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]
type ChunkPlugin = NonNullable<Options['plugins']>[number]

/**
 * The front door is built once per way the kernels come along (src/wasm/packaged/): the entry, and where from. Where there
 * are no threads it leaves out what workers need.
 */
const FRONT_DOORS = [
  { entry: 'slim', kernels: 'none', hasThreads: true, formats: ['esm', 'cjs'] },
  { entry: 'index.workerd', kernels: 'workerd', hasThreads: false, formats: ['esm'] },
  { entry: 'index.edge', kernels: 'edge', hasThreads: false, formats: ['esm'] },
]

/** Makes `src/index.ts` and `src/packaged.ts` anew for each front door; all other modules are shared between them. */
const frontDoors: Plugin = {
  name: 'front-doors',
  setup(build) {
    build.onResolve({ filter: /^src\/index\.ts\?/ }, ({ path }) => {
      const [file, kernels] = path.split('?')
      return { path: resolve(file!), suffix: `?${kernels}`, pluginData: { kernels } }
    })
    build.onResolve({ filter: /^\.\/packaged\.ts$/ }, ({ path, resolveDir, pluginData }) =>
      pluginData ? { path: resolve(resolveDir, path), suffix: `?${pluginData.kernels}`, pluginData } : undefined,
    )
    build.onResolve({ filter: /^\.\/wasm\/packaged\/inline\.ts$/ }, ({ resolveDir, pluginData }) =>
      pluginData ? { path: resolve(resolveDir, `wasm/packaged/${pluginData.kernels}.ts`) } : undefined,
    )
    build.onResolve({ filter: /^\.\/threads\/open-workers\.ts$/ }, ({ resolveDir, pluginData }) =>
      FRONT_DOORS.some(({ kernels, hasThreads }) => kernels === pluginData?.kernels && !hasThreads)
        ? { path: resolve(resolveDir, 'threads/no-workers.ts') }
        : undefined,
    )
    build.onLoad({ filter: /\/src\/(index|packaged)\.ts$/ }, async ({ path, pluginData }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'ts',
      pluginData,
    }))
    // What a platform compiles stays an import of a file beside the entry.
    build.onResolve({ filter: /^#wasm\/.+\?/ }, ({ path }) => {
      const [file, ending] = path.slice('#wasm/'.length).split('?')
      return { path: ending === 'module' ? `./${file}?module` : `./${file}`, external: true }
    })
  },
}

/** Classes that refer to themselves come as `var Name = class _Name`: whatever shows an object of one would show that name. */
const ownNames: ChunkPlugin = {
  name: 'own-names',
  renderChunk(code) {
    const names = [...code.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name)
    return names.length === 0 ? null : { code: code.replace(new RegExp(`\\b_(${names.join('|')})\\b`, 'g'), '$1') }
  },
}

/** The script of workers is one file: bundlers and servers that meet it as an asset take it as it is, and nothing else. */
async function buildWorker(): Promise<void> {
  await build({
    entryPoints: ['src/threads/worker.ts'],
    outfile: 'dist/worker.js',
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    external: ['node:*'],
    loader: { '.wasm': 'base64' },
    logLevel: 'error',
  })
}

/** What users import from, a room of the sources each; the front room has no name. */
const ROOMS = ['', 'node/', 'exporters/', 'queues/', 'threads/', 'arrow/', 'web/', 'testing/']
const entriesIn = (folder: string, ending: string): Record<string, string> =>
  Object.fromEntries(ROOMS.map(room => [`${room}index`, `${folder}/${room}index.${ending}`]))

// What the sources declare, a file each: tsup only puts them together then, in a third of the time it would take with finding
// the types itself.
execFileSync(process.execPath, ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.declarations.json'], {
  stdio: 'inherit',
})

export default defineConfig([
  {
    entry: entriesIn('src', 'ts'),
    format: ['esm', 'cjs'],
    platform: 'neutral',
    target: 'es2022',
    dts: { entry: entriesIn('build/declarations/src', 'd.ts') },
    clean: true,
    shims: true,
    splitting: true,
    // CommonJS comes of rollup then: what tsup has otherwise takes `#length` for the export `length` and assigns to it.
    treeshake: true,
    removeNodeProtocol: false,
    external: [/^node:/],
    loader: { '.wasm': 'base64' },
    esbuildPlugins: [frontDoors],
    plugins: [ownNames],
    esbuildOptions: (options, { format }) => {
      const doors = FRONT_DOORS.filter(({ formats }) => formats.includes(format))
      const entries = doors.map(({ entry, kernels }) => [entry, `src/index.ts?${kernels}`])
      options.entryPoints = { ...(options.entryPoints as Record<string, string>), ...Object.fromEntries(entries) }
    },
    onSuccess: async () => {
      for (const name of ['plain', 'shared']) await copyFile(`build/${name}.wasm`, `dist/${name}.wasm`)
      await buildWorker()
    },
  },
  // The command: what it needs beyond the library is bundled into it, and the library is not.
  {
    entry: { eventflux: 'src/cli/index.ts' },
    outDir: 'bin',
    format: ['esm'],
    platform: 'node',
    target: 'node20',
    clean: true,
    removeNodeProtocol: false,
    external: [/^eventflux/],
    banner: {
      js: `#!/usr/bin/env node
import { createRequire as requireFrom } from 'node:module'
const require = requireFrom(import.meta.url)`,
    },
  },
])
