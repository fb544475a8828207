import { basename } from 'node:path'
import { expectArgument } from '../options.ts'

/** @throws EventfluxError `OPTION_INVALID` for what is no path. */
export function expectPath(owner: string, path: unknown): void {
  expectArgument(owner, path, isPath, 'a path, a string or a URL')
}

/** What a file is called where nobody named it. */
export const nameOf = (path: string | URL): string => basename(typeof path === 'string' ? path : path.pathname)

const isPath = (path: unknown): boolean => typeof path === 'string' || path instanceof URL
