import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { ROOT } from '../source-files.ts'
import type { PackedPackage } from './pack-package.ts'

/** A project that has the package installed as npm would, and nothing of this one. */
export interface InstalledPackage extends PackedPackage {
  readonly project: string
}

/** Installs the package in a new folder with what npm would fetch for it. */
export function installPacked(): InstalledPackage {
  const packed = inject('packed')
  const project = mkdtempSync(join(tmpdir(), 'eventflux-package-'))
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'eventflux'), { recursive: true })
  execFileSync('tar', ['-xzf', packed.tarball, '-C', join(modules, 'eventflux'), '--strip-components=1'])
  cpSync(join(ROOT, 'node_modules/@assemblyscript'), join(modules, '@assemblyscript'), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{"type": "module"}')
  return { ...packed, project }
}
