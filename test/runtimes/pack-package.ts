import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ROOT } from '../source-files.ts'

/** The package as it would be published. */
export interface PackedPackage {
  readonly tarball: string
  /** What is in it. */
  readonly files: readonly string[]
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly packed: PackedPackage
  }
}

/** Packs what is built, once for all tests that install it. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'eventflux-packed-'))
  const report = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ filename, files }] = JSON.parse(report) as [{ filename: string; files: { path: string }[] }]
  project.provide('packed', { tarball: join(folder, filename), files: files.map(({ path }) => path) })
  return () => rmSync(folder, { recursive: true, force: true })
}
