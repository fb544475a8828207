import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', 'node/index': 'src/node/index.ts', 'testing/index': 'src/testing/index.ts' },
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  clean: true,
  shims: true,
  splitting: true,
  removeNodeProtocol: false,
  external: [/^node:/],
  loader: { '.wasm': 'binary' },
})
