import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from './installed.ts'

type Build = (options: object) => Promise<unknown>

/** Bundles a program of the project with esbuild. Binaries are left beside the bundle, as deployments have them. */
export async function esbuildBundle(
  runtimes: string,
  project: string,
  options: {
    readonly program: string
    readonly into: string
    readonly condition?: string
    /** For what is no module where it runs. */
    readonly format?: 'iife'
    readonly plugins?: object[]
  },
): Promise<void> {
  const { build } = await load<{ build: Build }>(runtimes, 'esbuild')
  await build({
    absWorkingDir: project,
    entryPoints: [options.program],
    outfile: options.into,
    bundle: true,
    minify: true,
    format: options.format ?? 'esm',
    target: 'es2022',
    conditions: options.condition === undefined ? [] : [options.condition],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    plugins: options.plugins ?? [],
    logLevel: 'silent',
  })
}

/** Bundles the page's program, each bundler with as little configuration as it takes. */
export const BUNDLERS: Readonly<Record<string, (runtimes: string, project: string, folder: string) => Promise<void>>> =
  {
    esbuild: (runtimes, project, folder) =>
      esbuildBundle(runtimes, project, { program: 'page.mjs', into: join(folder, 'page.js') }),

    async rollup(runtimes, project, folder) {
      const { rollup } = await load<{ rollup: (options: object) => Promise<{ write: Build }> }>(runtimes, 'rollup')
      const { nodeResolve } = await load<{ nodeResolve: (options: object) => object }>(
        runtimes,
        '@rollup/plugin-node-resolve',
      )
      const bundle = await rollup({ input: join(project, 'page.mjs'), plugins: [nodeResolve({ browser: true })] })
      await bundle.write({ file: join(folder, 'page.js'), format: 'es' })
    },

    async webpack(runtimes, project, folder) {
      interface Stats {
        hasErrors(): boolean
        toString(options: object): string
      }
      type Webpack = (options: object, done: (error: Error | null, stats: Stats) => void) => void
      const webpack = await load<Webpack>(runtimes, 'webpack')
      const options = {
        mode: 'production',
        context: project,
        entry: './page.mjs',
        output: { path: folder, filename: 'page.js' },
      }
      const stats = await new Promise<Stats>((resolve, reject) =>
        webpack(options, (error, stats) => (error ? reject(error) : resolve(stats))),
      )
      if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }))
    },

    async Vite(runtimes, project, folder) {
      const { build } = await load<{ build: Build }>(runtimes, 'vite')
      await build({
        root: project,
        configFile: false,
        base: './',
        logLevel: 'silent',
        build: {
          outDir: folder,
          rollupOptions: { input: join(project, 'page.mjs'), output: { entryFileNames: 'page.js' } },
        },
      })
    },
  }

/** Those that leave the script of workers behind: the page is told where it is. */
export const FINDS_NO_WORKER: readonly string[] = ['esbuild', 'rollup']

/** A folder of a site with a page that runs what a bundler made. */
export async function bundledPage(bundler: string, runtimes: string, project: string, site: string): Promise<void> {
  const folder = join(site, bundler)
  await mkdir(folder, { recursive: true })
  await BUNDLERS[bundler]!(runtimes, project, folder)
  if (FINDS_NO_WORKER.includes(bundler))
    await copyFile(join(project, 'node_modules/eventflux/dist/worker.js'), join(folder, 'worker.js'))
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>eventflux</title><script type="module" src="page.js"></script>',
  )
}
