import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ROOT } from '../source-files.ts'
import { esbuildBundle } from './bundles.ts'
import { installRuntimes } from './installed.ts'
import { installPacked } from './packed-package.ts'
import { Workerd } from './run-in/workerd.ts'

const runtimes = await installRuntimes()
const { project } = installPacked()
const folder = join(project, 'deployed')

afterAll(() => rm(project, { recursive: true, force: true }))

const DURABLE = `
  durableObjectNamespaces = [(className = "RequestCounter", uniqueKey = "requests")],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "COUNTER", durableObjectNamespace = "RequestCounter")],`

interface WindowRow {
  readonly windowStart: number
  readonly key: string
  readonly requests: number
}

it('the example Worker counts every request once, though its process is killed between two batches', async () => {
  await copyFile(join(ROOT, 'examples/edge-worker/worker.ts'), join(project, 'edge-worker.ts'))
  await mkdir(join(folder, 'disk'), { recursive: true })
  const into = join(folder, 'worker.js')
  await esbuildBundle(runtimes, project, { program: 'edge-worker.ts', into, condition: 'workerd' })

  const seen = Array.from({ length: 300 }, (_, i) => ({ time: 1_700_000_000_000 + i * 250, key: `/page/${i % 7}` }))
  for (let at = 0; at < seen.length; at += 100) {
    const workerd = await Workerd.serve(runtimes, folder, DURABLE)
    try {
      await workerd.post('/', seen.slice(at, at + 50))
      await workerd.post('/', seen.slice(at + 50, at + 100))
    } finally {
      await workerd.stop('SIGKILL')
    }
  }

  const workerd = await Workerd.serve(runtimes, folder, DURABLE)
  const rows = (await (await fetch(workerd.url)).json()) as WindowRow[]
  await workerd.stop()

  const complete = Math.floor((seen.at(-1)!.time - 1_000 - 1 + 1) / 10_000) * 10_000
  const expected = new Map<string, number>()
  for (const { time, key } of seen) {
    const start = Math.floor(time / 10_000) * 10_000
    if (start + 10_000 <= complete) expected.set(`${start} ${key}`, (expected.get(`${start} ${key}`) ?? 0) + 1)
  }
  expect(expected.size).toBeGreaterThan(30)
  expect(new Map(rows.map(row => [`${row.windowStart} ${row.key}`, row.requests]))).toEqual(expected)
})
