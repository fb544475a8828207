import { describe, expect, it } from 'vitest'
import { threadSupport } from '../../src/wasm/thread-support.ts'

const node = { SharedArrayBuffer, process: { versions: { node: '20.20.2' } } }
const page = { SharedArrayBuffer, Worker: class {}, crossOriginIsolated: true, navigator: { userAgent: 'Mozilla/5.0' } }

describe('threads', () => {
  it.each([
    ['in Node 20, which has no navigator and no Worker', node],
    ['in Deno and Bun', { ...node, Worker: class {}, navigator: { userAgent: 'Deno/2.9.6' } }],
    ['in an isolated page', page],
  ])('are there %s', (_, surroundings) => {
    expect(threadSupport(surroundings)).toEqual({ usable: true })
  })

  it.each([
    ['in a page that is not isolated', { Worker: class {}, crossOriginIsolated: false }, 'not cross-origin isolated'],
    ['where a page has SharedArrayBuffer all the same', { ...page, crossOriginIsolated: false }, 'isolated'],
    ['in workerd, process or not', { ...node, navigator: { userAgent: 'Cloudflare-Workers' } }, 'workerd'],
    ['in an edge runtime', { SharedArrayBuffer }, 'no Worker'],
    ['behind a bundler that fakes process', { SharedArrayBuffer, process: { versions: {} } }, 'no Worker'],
    ['nowhere', {}, 'no SharedArrayBuffer'],
  ])('are not there, and it says why: %s', (_, surroundings, reason) => {
    expect(threadSupport(surroundings)).toEqual({ usable: false, reason: expect.stringContaining(reason) })
  })

  it('are there where the tests run', () => {
    expect(threadSupport()).toEqual({ usable: true })
  })
})
