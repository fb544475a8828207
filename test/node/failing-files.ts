import { writeSync } from 'node:fs'
import * as promises from 'node:fs/promises'
import type { FileCalls } from '../../src/node/checkpoint-files.ts'
import type { CommittedFileCalls } from '../../src/node/committed-file.ts'
import type { LogFiles } from '../../src/node/input-log.ts'

/** Calls of the file system, of which the n-th fails; where the process has died there, all behind it do. */
export class FailingFiles {
  calls = 0
  readonly #failing: number
  readonly #code: string
  readonly #isDeath: boolean

  constructor(failing: number, code: string, isDeath = false) {
    this.#failing = failing
    this.#code = code
    this.#isDeath = isDeath
  }

  get files(): FileCalls & LogFiles & CommittedFileCalls {
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
      unlink: failing(promises.unlink as never) as FileCalls['unlink'],
      open: failing(async (path: string, flags: string) => {
        const handle = await promises.open(path, flags)
        return {
          fd: handle.fd,
          writeFile: failing((bytes: Uint8Array) => handle.writeFile(bytes)),
          // A disk that is full takes what there is room for first.
          write: (bytes: Uint8Array, from: number, length: number, position: number) => {
            const part = handle.write(bytes, from, length > 32 ? Math.ceil(length / 2) : length, position)
            return part.then(failing(async written => written))
          },
          read: failing((...args: [Uint8Array, number, number, number]) => handle.read(...args)),
          stat: failing(() => handle.stat()),
          truncate: failing((length: number) => handle.truncate(length)),
          // No machine stops here: nothing has to wait for the disk.
          sync: failing(async () => {}),
          datasync: failing(async () => {}),
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
    if (this.calls === this.#failing || (this.#isDeath && this.calls > this.#failing))
      throw Object.assign(new Error(`${this.#code}: injected`), { code: this.#code })
  }
}
