import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// Shared memory, and so workers, need a page that is isolated from others.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // The example uses the package as its users do: what `npm run build` made.
  resolve: { alias: { eventflux: fileURLToPath(new URL('../../dist/index.js', import.meta.url)) } },
  server: { headers, fs: { allow: [fileURLToPath(new URL('../..', import.meta.url))] } },
})
