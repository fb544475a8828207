import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

interface Results {
  add(report: { readonly group: string; readonly median: number }): void
  keepMeasured(): void
}
// Of what Node runs as it is there are no types.
const { ResultsFile } = (await import(new URL('../../bench/harness/results-file.mjs', import.meta.url).href)) as {
  readonly ResultsFile: new (file: string, heading: object) => Results
}

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'eventflux-results-'))
  file = join(directory, 'of/today.json')
  const earlier = new ResultsFile(file, { run: 1 })
  earlier.add({ group: 'b', median: 2 })
  earlier.add({ group: 'a', median: 1 })
})
afterEach(() => rmSync(directory, { recursive: true }))

const written = (): unknown => JSON.parse(readFileSync(file, 'utf8'))

describe('a file of results', () => {
  it('has each group as soon as it is measured, by name, with five digits', () => {
    const results = new ResultsFile(join(directory, 'new.json'), { run: 1 })
    expect(readdirSync(directory)).toEqual(['of'])
    results.add({ group: 'z', median: 1.234567 })
    expect(JSON.parse(readFileSync(join(directory, 'new.json'), 'utf8'))).toEqual({
      run: 1,
      groups: [{ group: 'z', median: 1.2346 }],
    })
    expect(written()).toEqual({
      run: 1,
      groups: [
        { group: 'a', median: 1 },
        { group: 'b', median: 2 },
      ],
    })
  })

  it('keeps the groups of earlier runs that a run which is cut off did not come to', () => {
    new ResultsFile(file, { run: 2 }).add({ group: 'b', median: 3 })
    expect(written()).toEqual({
      run: 2,
      groups: [
        { group: 'a', median: 1 },
        { group: 'b', median: 3 },
      ],
    })
  })

  it('has none of them behind a whole run', () => {
    const results = new ResultsFile(file, { run: 2 })
    results.add({ group: 'c', median: 4 })
    results.keepMeasured()
    expect(written()).toEqual({ run: 2, groups: [{ group: 'c', median: 4 }] })
  })

  it('is there as a whole or not at all: what is written first has another name, and is gone afterwards', () => {
    expect(readdirSync(join(directory, 'of'))).toEqual(['today.json'])
  })
})
