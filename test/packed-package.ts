import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './source-files.ts'

/** A project that has the package installed as npm would, and nothing of this one. */
export interface PackedPackage {
  readonly project: string
  /** The package itself, packed. */
  readonly tarball: string
  /** What is in it. */
  readonly files: readonly string[]
}

/** Packs what is built, and installs it in a new folder with what npm would fetch for it. */
export function installPacked(): PackedPackage {
  const project = mkdtempSync(join(tmpdir(), 'eventflux-package-'))
  const report = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ filename, files }] = JSON.parse(report) as [{ filename: string; files: { path: string }[] }]
  const tarball = join(project, filename)
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'eventflux'), { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', join(modules, 'eventflux'), '--strip-components=1'])
  cpSync(join(ROOT, 'node_modules/@assemblyscript'), join(modules, '@assemblyscript'), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{"type": "module"}')
  return { project, tarball, files: files.map(({ path }) => path) }
}
