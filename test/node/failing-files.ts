import { writeSync } from 'node:fs'
import * as promises from 'node:fs/promises'
import type { FileCalls } from '../../src/node/checkpoint-files.ts'
import type { LogFiles } from '../../src/node/input-log.ts'

/** Calls of the file system, of which the n-th fails. */
export class FailingFiles {
  calls = 0
  readonly #failing: number
  readonly #code: string

  constructor(failing: number, code: string) {
    this.#failing = failing
    this.#code = code
  }

  get files(): FileCalls & LogFiles {
    const failing =
      <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        this.#count()
        return call(...args)
      }
    return {
      ...promises,
      mkdir: failing(promises.mkdir as never) as FileCalls['mkdir'],
      readFile: failing(promises.readFile as never) as FileCalls['readFile'],
      readdir: failing(promises.readdir as never) as unknown as FileCalls['readdir'],
      link: failing(promises.link),
      rename: failing(promises.rename),
      open: failing(async (path: string, flags: string) => {
        const handle = await promises.open(path, flags)
        return {
          fd: handle.fd,
          writeFile: failing((bytes: Uint8Array) => handle.writeFile(bytes)),
          truncate: failing((length: number) => handle.truncate(length)),
          sync: failing(() => handle.sync()),
          datasync: failing(() => handle.datasync()),
          // A handle whose close fails is closed all the same.
          close: async () => {
            await handle.close()
            this.#count()
          },
        }
      }) as unknown as FileCalls['open'],
      // A disk that is full takes what there is room for first.
      writeSync: (file, bytes, offset) => {
        const length = Math.ceil((bytes.length - offset) / 2)
        this.#count()
        return writeSync(file, bytes, offset, length)
      },
    }
  }

  #count(): void {
    this.calls++
    if (this.calls === this.#failing) throw Object.assign(new Error(`${this.#code}: injected`), { code: this.#code })
  }
}
