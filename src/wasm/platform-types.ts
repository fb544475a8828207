// What published types call those of the platform: a Node program whose TypeScript has no library `DOM` knows none of their
// names, and would find errors in ours.

type Platform = typeof globalThis

/** `WebAssembly.Module`, where that is declared. */
export type WasmModule = Platform extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object

/** `WebAssembly.Memory`, where that is declared. */
export type WasmMemory = Platform extends { WebAssembly: { Memory: { prototype: infer Memory } } }
  ? Memory
  : { readonly buffer: ArrayBuffer }

/** Bytes of a module. */
export type WasmBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>
