declare module '#wasm/*.wasm' {
  const bytes: Uint8Array
  export default bytes
}
