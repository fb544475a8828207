import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { installRuntimes, load } from './installed.ts'
import { installPacked } from './packed-package.ts'
import { writeSizes } from './results.ts'
import { measureSizes } from './sizes.ts'

const run = promisify(execFile)
const runtimes = await installRuntimes()
const { project, tarball } = installPacked()

afterAll(() => rmSync(project, { recursive: true, force: true }))

interface Publint {
  publint(options: { pkgDir: string; strict: boolean; pack: false }): Promise<{ messages: readonly object[] }>
}

it('publint finds nothing to say about the package', async () => {
  const { publint } = await load<Publint>(runtimes, 'publint')
  const { messages } = await publint({ pkgDir: join(project, 'node_modules/eventflux'), strict: true, pack: false })
  expect(messages).toEqual([])
})

it('every entry has its types, from ES modules, CommonJS and bundlers', async () => {
  // Without what is no module, and the script of workers, which nobody imports for its names.
  const without = ['plain.wasm', 'shared.wasm', 'worker'].flatMap(name => ['--exclude-entrypoints', name])
  const attw = join(runtimes, 'node_modules/.bin/attw')
  // It ends with an error where it finds something, and says what.
  await run(attw, [tarball, '--profile', 'node16', '--format', 'ascii', '--no-color', ...without])
}, 120_000)

it('bundles hold what is used of it: the kernels only with a pipeline that brings them, and little without one', async () => {
  const measured = await measureSizes(runtimes, project)
  if (process.env.EVENTFLUX_SIZES_JSON) await writeSizes(process.env.EVENTFLUX_SIZES_JSON, measured)
  const entries = Object.keys(manifest.exports).filter(name => name !== './package.json')
  const whats = measured.map(({ what }) => what.split(':')[0])
  expect(entries.map(name => name.replace('.', 'eventflux')).filter(entry => !whats.includes(entry))).toEqual([])
  const sizes = new Map(measured.map(({ what, bytes }) => [what, bytes]))
  const window = sizes.get('eventflux: a keyed window')!
  const kernels = sizes.get('eventflux/plain.wasm')!
  // As base64.
  expect(window - sizes.get('eventflux/slim: a keyed window')!).toBeGreaterThan((kernels * 4) / 3)
  // Where there are no threads, what workers need is left out.
  for (const runtime of ['workerd', 'edge-light'])
    expect(sizes.get(`eventflux under ${runtime}: a keyed window`)!).toBeLessThan(
      0.95 * sizes.get('eventflux/slim: a keyed window')!,
    )
  expect(sizes.get('eventflux: a schema')!).toBeLessThan(window / 8)
  expect(sizes.get('eventflux: EventQueue')!).toBeLessThan(window / 12)
}, 60_000)
