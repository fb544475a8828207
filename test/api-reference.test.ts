import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENTRIES, publicApi } from './public-api.ts'
import { ROOT } from './source-files.ts'

describe('the API reference made from the sources', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'eventflux-api-'))
    // A warning fails it: a link to what isn't public, a parameter that isn't there. Types are not its to check.
    execFileSync('npx', ['typedoc', '--out', folder], { cwd: ROOT, stdio: 'pipe' })
  }, 240_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is of every entry of the package', () => {
    const { entryPoints } = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8')) as { entryPoints: string[] }
    expect(entryPoints).toEqual(Object.values(ENTRIES))
  })

  it('has every public name', () => {
    const headings = new Set(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(page => page.endsWith('.md'))
        .flatMap(page => readFileSync(join(folder, page), 'utf8').split('\n'))
        .filter(line => line.startsWith('#'))
        .map(line =>
          line
            .replace(/^#+ /, '')
            .replace(/\\/g, '')
            .replace(/[(<].*/, ''),
        ),
    )
    const names = Object.values(publicApi()).flatMap(entry => entry.map(({ name }) => name))
    expect(names.filter(name => !headings.has(name))).toEqual([])
  })
})
