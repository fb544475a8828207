import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { engineCases, timeCases } from './cases.ts'
import { LEFT_OUT, nameOf, SUITES, suiteOf } from './suites.ts'

describe('every case of windows-and-time.json, further-windows.json and engines.json', () => {
  const all = [...timeCases, ...engineCases]

  it('is either run or left out for a reason', () => {
    const neither = all.filter(given => suiteOf(given) === undefined && LEFT_OUT[nameOf(given)] === undefined)
    expect(neither.map(nameOf)).toEqual([])
    const both = all.filter(given => suiteOf(given) !== undefined && LEFT_OUT[nameOf(given)] !== undefined)
    expect(both.map(nameOf)).toEqual([])
  })

  it('has a name of its own, and no other is left out', () => {
    const names = all.map(nameOf)
    expect(new Set(names).size).toBe(names.length)
    expect(Object.keys(LEFT_OUT).filter(name => !names.includes(name))).toEqual([])
  })

  it.each(SUITES)('is run by %s.test.ts if it is said to be', suite => {
    expect(all.some(given => suiteOf(given) === suite)).toBe(true)
    const source = readFileSync(new URL(`${suite}.test.ts`, import.meta.url), 'utf8')
    expect(source).toContain(`checksOf('${suite}', {`)
  })
})
