import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vitest/config'
import { bounded } from './test/bounded.ts'

/** Gives tests the compiled kernels the way the bundle gives them to users: as text, the default export. */
const wasmText: Plugin = {
  name: 'wasm-text',
  enforce: 'pre',
  async load(id) {
    if (!id.endsWith('.wasm')) return
    return `export default '${(await readFile(id)).toString('base64')}'`
  },
}

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Tests that try many capacities themselves, or are of files and of large numbers: what is the default changes little in them. */
const STATE_THEIR_CAPACITIES = [
  'test/operators/{evaluator,window}/**',
  'test/operators/{backpressure,filter,project}.test.ts',
  'test/operators/every-*.test.ts',
  'test/operators/*-state.test.ts',
  'test/operators/row-window/{groups,row-window}.test.ts',
  'test/node/log*.test.ts',
  'test/pipelines/{aggregates,aligned-windows,held-up-inputs,ledger,many-at-once,memory,reference,several-inputs,sketch-errors}.test.ts',
  'test/pipelines/duckdb*.test.ts',
  'test/runtime/{admission,event-store}/**',
  'test/runtime/{event-pool,event-queue,event-queue.property}.test.ts',
]

/**
 * Tests that have a process to themselves: they measure its memory or fill it, start a hundred others, or compile the whole
 * library. The rest share two, which load the sources once; threads of one file are gone when the next begins.
 */
const OWN_PROCESS = [
  'test/*.test.ts',
  'test/checkpoint/kill-loop.test.ts',
  'test/metrics/job-metrics.test.ts',
  'test/nexmark/queries.test.ts',
  'test/pipelines/{ledger,memory}.test.ts',
  'test/runtime/flush-memory.test.ts',
]

export default defineConfig({
  plugins: [wasmText],
  resolve: {
    alias: [
      { find: /^eventflux$/, replacement: source('src/index.ts') },
      {
        find: /^eventflux\/(node|testing|exporters|arrow|queues|threads|web)$/,
        replacement: source('src/$1/index.ts'),
      },
      { find: /^.*\/worker-url\.ts$/, replacement: source('test/threads/worker-url.ts') },
    ],
  },
  test: {
    setupFiles: ['test/seed.ts'],
    globalSetup: ['test/threads/build-worker.ts'],
    // Nothing that is measured: only when to give up on a test that hangs, on a busy machine too.
    testTimeout: bounded(60_000, 600_000),
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--expose-gc'],
    // They run in the order of their names: at the end are short files, so that no core waits for the other one.
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{capacity-two,runtimes,services}/**', ...OWN_PROCESS],
          // A process and the sources take about two seconds of a processor to load, most files less than that to run.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'own process', include: OWN_PROCESS },
      },
      {
        // The package as it is published, in every runtime, and with servers: what installs, bundles and starts them takes
        // a while.
        extends: true,
        test: {
          name: 'runtimes',
          include: ['test/{runtimes,services}/**/*.test.ts'],
          globalSetup: ['test/runtimes/pack-package.ts'],
          hookTimeout: 120_000,
        },
      },
      {
        // Law 5: the tests of what runs once more, with rings of two rows and batches of two unless a test says otherwise, and
        // memory that moves at every allocation and begins as rubbish.
        extends: true,
        resolve: {
          alias: [{ find: /^.*\/default-capacity\.ts$/, replacement: source('test/capacity-two/defaults.ts') }],
        },
        test: {
          name: 'capacity 2',
          include: ['test/{capacity-two,conformance,node,operators,pipelines,runtime,testing}/**/*.test.ts'],
          exclude: STATE_THEIR_CAPACITIES,
          setupFiles: ['test/seed.ts', 'test/capacity-two/hostile-memory.ts'],
          isolate: false,
        },
      },
    ],
  },
})
