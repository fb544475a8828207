// The binaries, as the build puts them into the entries of the package (tsup.config.ts).

/** Inlined, for wherever bytes may be compiled. */
declare module '#wasm/*.wasm' {
  const base64: string
  export default base64
}
/** Compiled by who deploys the program: workerd makes a module of such an import, */
declare module '#wasm/*.wasm?workerd' {
  const module: WebAssembly.Module
  export default module
}
/** and so do edge runtimes, with this ending. */
declare module '#wasm/*.wasm?module' {
  const module: WebAssembly.Module
  export default module
}
