/** Most workers that `'auto'` takes: beyond, what the thread that runs the job does for each of them is what counts. */
const MOST = 4

/** How many workers this machine is good for: one for each of its processors, at most four. */
export async function workersHere(): Promise<number> {
  return Math.max(1, Math.min(MOST, await processors()))
}

/** What the runtime says of the machine. Before Node 21 there is no `navigator`. */
async function processors(): Promise<number> {
  const told = globalThis.navigator?.hardwareConcurrency
  if (told !== undefined) return told
  if (typeof process === 'undefined' || process.versions?.node === undefined) return 1
  const name = 'node:os'
  const os = process.getBuiltinModule?.(name) ?? (await import(/* @vite-ignore */ /* webpackIgnore: true */ name))
  return (os as typeof import('node:os')).availableParallelism()
}
