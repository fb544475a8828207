import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The directory of the project. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Absolute paths of the code below a directory of the project, sorted. */
export function sourceFiles(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(ts|mjs|js)$/.test(name) && !name.endsWith('.d.ts') && !name.includes('node_modules'))
    .sort()
    .map(name => join(ROOT, directory, name))
}
