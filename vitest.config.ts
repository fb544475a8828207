import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vitest/config'

/** Gives tests the compiled kernels the way the bundle gives them to users: the bytes as the default export. */
const wasmBytes: Plugin = {
  name: 'wasm-bytes',
  enforce: 'pre',
  async load(id) {
    if (!id.endsWith('.wasm')) return
    const base64 = (await readFile(id)).toString('base64')
    return `export default Uint8Array.from(atob('${base64}'), c => c.charCodeAt(0))`
  },
}

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [wasmBytes],
  resolve: {
    alias: [
      { find: /^eventflux$/, replacement: source('src/index.ts') },
      { find: /^eventflux\/(node|testing)$/, replacement: source('src/$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--expose-gc'],
  },
})
