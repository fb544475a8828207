/** Position of row j: itself, or what the selection at `sel` says. */
export function rowAt(u32: Uint32Array, sel: number, j: number): number {
  return sel === 0 ? j : u32[(sel >>> 2) + j]!
}

/** Whether a row has a value; without a bitmap every row has. */
export function hasValue(u8: Uint8Array, validity: number, row: number): boolean {
  return validity === 0 || ((u8[(validity >>> 0) + (row >>> 3)]! >>> (row & 7)) & 1) === 1
}
