import { stateFull } from '../errors.ts'
import type { WasmMemory } from '../wasm/platform-types.ts'
import type { JobMemory, SpareMemory } from '../wasm/spare-memories.ts'

const PAGE = 65_536

/** Memory that several threads see; posted to another thread it is the same memory there. */
export type SharedBytes = WasmMemory | SharedArrayBuffer

/**
 * One job's linear memory and the typed views over it. The only place that makes views: everything else reads them
 * through this object at the time of use (`memory.f64[address >>> 3]`), because growing the memory replaces them.
 *
 * The wasm engine sits on a `WebAssembly.Memory`, the js engine on a plain `ArrayBuffer`: the same addresses, the same
 * bytes, so state can move between the engines.
 */
export class LinearMemory {
  u8!: Uint8Array
  i32!: Int32Array
  u32!: Uint32Array
  f32!: Float32Array
  f64!: Float64Array
  i64!: BigInt64Array
  readonly maxBytes: number
  /** Bytes below this may be anything from the start; those behind are zero until they are written. */
  readonly written: number
  #wasm: WebAssembly.Memory | undefined
  #plain: ArrayBufferLike | undefined

  /**
   * @param options A memory of its own, which may be a `spare` one; or `over` one that is shared, which grows where this
   * thread alone makes views of what is new: up to `growsTo` bytes, as far as the memory may. Default: not at all.
   */
  constructor(
    options:
      | { engine: 'wasm' | 'js'; initialBytes?: number; maxBytes: number; spare?: SpareMemory | undefined }
      | { over: SharedBytes; growsTo?: number | undefined },
  ) {
    if ('over' in options) {
      this.written = 0
      if (options.over instanceof WebAssembly.Memory) this.#wasm = options.over
      else this.#plain = options.over
      this.#remakeViews()
      this.maxBytes = options.growsTo ?? this.byteLength
      return
    }
    this.maxBytes = Math.min(options.maxBytes, 4 * 1024 ** 3 - PAGE)
    this.written = options.spare?.written ?? 0
    const pages = Math.max(1, Math.ceil((options.initialBytes ?? PAGE) / PAGE))
    const memory =
      options.spare?.memory ??
      (options.engine === 'wasm' ? new WebAssembly.Memory({ initial: pages }) : new ArrayBuffer(pages * PAGE))
    if (memory instanceof ArrayBuffer) this.#plain = memory
    else this.#wasm = memory
    this.#remakeViews()
  }

  /** Present on the wasm engine: what its instance imports. */
  get wasm(): WasmMemory | undefined {
    return this.#wasm
  }

  get byteLength(): number {
    return this.u8.byteLength
  }

  /** Makes the memory at least `bytes` long; amortised by doubling. @throws EventfluxError `STATE_FULL` past `maxBytes`. */
  ensure(bytes: number): void {
    const length = this.byteLength
    if (bytes <= length) return
    if (bytes > this.maxBytes) {
      throw stateFull(
        `the job needs ${bytes} bytes of memory and maxMemory is ${this.maxBytes}: raise maxMemory, or bound the state (fewer keys, shorter windows)`,
        { value: bytes },
      )
    }
    if (!this.#grow(Math.min(Math.max(bytes, length * 2), this.maxBytes)) && !this.#grow(bytes)) {
      throw stateFull(
        `the job needs ${bytes} bytes of memory and the system gives no more than ${length}: bound the state (fewer keys, shorter windows)`,
        { value: bytes },
      )
    }
  }

  /** Gives the memory away: from now on there is nothing here to read or to write. */
  leave(): JobMemory {
    const memory = this.#wasm ?? (this.#plain as ArrayBuffer)
    this.#wasm = undefined
    this.#plain = new ArrayBuffer(0)
    this.#remakeViews()
    return memory
  }

  /** False when the system refuses. */
  #grow(bytes: number): boolean {
    const pages = Math.ceil((bytes - this.byteLength) / PAGE)
    try {
      if (this.#wasm) this.#wasm.grow(pages)
      else {
        const grown = new ArrayBuffer(this.byteLength + pages * PAGE)
        new Uint8Array(grown).set(this.u8)
        this.#plain = grown
      }
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
    this.#remakeViews()
    return true
  }

  #remakeViews(): void {
    const buffer = this.#wasm ? this.#wasm.buffer : this.#plain!
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f32 = new Float32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.i64 = new BigInt64Array(buffer)
  }
}
