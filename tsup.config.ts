import { defineConfig } from 'tsup'

export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      'node/index': 'src/node/index.ts',
      'exporters/index': 'src/exporters/index.ts',
      'testing/index': 'src/testing/index.ts',
    },
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
