import { engineUnavailable, optionInvalid, show } from '../errors.ts'
import { isModule, type ModuleOrBytes } from './kernel-module.ts'

/**
 * What the kernels may be given as: compiled (in any realm: another frame, the host of an edge runtime), as bytes, as
 * the response that brings them, or as the namespace of `import('eventflux/plain.wasm')`.
 */
export type ModuleInput = ModuleOrBytes | Response | { readonly default: ModuleOrBytes }

/**
 * The module or the bytes behind an input.
 *
 * @throws EventfluxError `ENGINE_UNAVAILABLE` when it doesn't arrive, `OPTION_INVALID` when it is something else.
 */
export async function loadModule(input: ModuleInput | PromiseLike<ModuleInput>): Promise<ModuleOrBytes> {
  const given: unknown = await arrived(input)
  if (isModule(given)) return given
  if (isBytes(given)) return checkedBytes(given)
  if (isResponse(given)) return checkedBytes(await bodyOf(given))
  const inside = (given as { readonly default?: unknown } | null | undefined)?.default
  if (inside !== undefined && inside !== given) return loadModule(inside as ModuleOrBytes)
  throw optionInvalid(`module is a WebAssembly.Module, its bytes, or a Response, not ${show(given)}`, {
    value: given,
    at: 'module',
  })
}

async function arrived<T>(input: T | PromiseLike<T>): Promise<T> {
  try {
    return await input
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : show(cause)
    throw engineUnavailable(`The module could not be loaded: ${why}`, { at: 'module', cause })
  }
}

async function bodyOf(response: Response): Promise<ArrayBuffer> {
  if (response.ok) return arrived(response.arrayBuffer())
  throw engineUnavailable(`${response.url || 'The response'} brings no module: status ${response.status}`, {
    value: response.status,
    at: 'module',
  })
}

function checkedBytes(bytes: BufferSource): BufferSource {
  const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes)
  const head = new Uint8Array(view.buffer, view.byteOffset, Math.min(4, view.byteLength))
  if (String.fromCharCode(...head) === '\0asm') return bytes
  throw optionInvalid(`module holds ${view.byteLength} bytes that are no WebAssembly`, { at: 'module' })
}

// By their tags, for values of another realm.
const tagOf = (value: unknown): string => Object.prototype.toString.call(value)
const isBytes = (value: unknown): value is BufferSource =>
  ArrayBuffer.isView(value) || tagOf(value) === '[object ArrayBuffer]'
const isResponse = (value: unknown): value is Response => tagOf(value) === '[object Response]'
