// Stands in for src/threads/worker-url.ts: the workers of tests run what build-worker.ts made of the sources at hand.
export { workerUrl } from './worker-script.ts'
