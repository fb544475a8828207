/** 64 bits that depend on every character of a text, the same everywhere. */
export function textHash(text: string): bigint {
  let a = 0x9e3779b9 ^ text.length
  let b = 0x7f4a7c15
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x85ebca6b)
    a = (a << 13) | (a >>> 19)
    b = Math.imul(b + unit, 0xc2b2ae35)
    b = (b << 17) | (b >>> 15)
    b ^= a
  }
  return BigInt.asIntN(64, (BigInt(a >>> 0) << 32n) | BigInt(b >>> 0))
}
