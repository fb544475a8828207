import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { windowPictures } from '../../docs/window-pictures.ts'

const directory = new URL('../../docs/pictures/', import.meta.url)

describe('the pictures of windows', () => {
  it('are what the library gives for their rows: npm run docs:pictures draws them anew', async () => {
    const pictures = await windowPictures()
    expect(
      readdirSync(directory)
        .map(name => name.replace('.svg', ''))
        .sort(),
    ).toEqual(Object.keys(pictures).sort())
    for (const [name, text] of Object.entries(pictures))
      expect(readFileSync(new URL(`${name}.svg`, directory), 'utf8'), name).toBe(text)
  })

  it('are all shown in the documents', () => {
    const shown = readFileSync(new URL('../windows.md', directory), 'utf8')
    const missing = readdirSync(directory).filter(name => !shown.includes(`(pictures/${name})`))
    expect(missing).toEqual([])
  })
})
