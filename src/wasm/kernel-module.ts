import type { KernelExports } from './exports.ts'
import type { WasmBytes, WasmMemory, WasmModule } from './platform-types.ts'
import { SpareMemories } from './spare-memories.ts'

/** The kernels, compiled or as bytes. */
export type ModuleOrBytes = WasmModule | WasmBytes

/**
 * The kernels, compiled once for every job that runs on them: compiled code holds no state. A failure isn't remembered.
 *
 * @internal
 */
export class KernelModule {
  /** What jobs on these kernels, and on their twins, have left behind. */
  readonly spares = { wasm: new SpareMemories(), js: new SpareMemories() }
  /** The kernels over memories that may come back: they keep nothing, and engines have got to know them. */
  readonly instances: WeakMap<WasmMemory, KernelExports> = new WeakMap()
  readonly #load: () => ModuleOrBytes
  #compiled: WasmModule | undefined
  #compiling: Promise<WasmModule> | undefined

  /** @param load Gives the module or its bytes, when they are needed. */
  constructor(load: () => ModuleOrBytes) {
    this.#load = load
  }

  /**
   * Compiles off the calling thread, where the platform does so. Concurrent calls compile once.
   *
   * @throws what the platform throws where WebAssembly, or code generation, or 128-bit SIMD isn't there.
   */
  async compile(): Promise<WasmModule> {
    if (this.#compiled) return this.#compiled
    this.#compiling ??= this.#compileLoaded().finally(() => {
      this.#compiling = undefined
    })
    const module = await this.#compiling
    this.#compiled ??= module
    return this.#compiled
  }

  /** The same at once, on the calling thread. */
  compileSync(): WasmModule {
    if (this.#compiled) return this.#compiled
    const loaded = this.#load()
    this.#compiled = isModule(loaded) ? loaded : new WebAssembly.Module(loaded)
    return this.#compiled
  }

  async #compileLoaded(): Promise<WasmModule> {
    const loaded = this.#load()
    return isModule(loaded) ? loaded : WebAssembly.compile(loaded)
  }
}

/** Whether it is a compiled module of any realm: `instanceof` would know the class of this one only. */
export function isModule(value: unknown): value is WasmModule {
  return Object.prototype.toString.call(value) === '[object WebAssembly.Module]'
}
