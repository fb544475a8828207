// Fields of records as they are, and what they say about nulls.

// @ts-ignore: decorator
@inline
function take<T>(addr: usize, m: i32, at: i32, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4, out += sizeof<T>()) {
    store<T>(out, load<T>(load<usize>(addr) + at))
  }
}

export function takeField8(addr: usize, m: i32, at: i32, out: usize): void {
  take<u64>(addr, m, at, out)
}

export function takeField4(addr: usize, m: i32, at: i32, out: usize): void {
  take<u32>(addr, m, at, out)
}

export function takeField1(addr: usize, m: i32, at: i32, out: usize): void {
  take<u8>(addr, m, at, out)
}

export function fieldAbove(addr: usize, m: i32, at: i32, floor: f64, bitsOut: usize): void {
  for (let j = 0; j < m; j += 8, bitsOut++) {
    let byte: u32 = 0
    for (let i = 0; i < min(8, m - j); i++, addr += 4) {
      byte |= <u32>(load<f64>(load<usize>(addr) + at) > floor) << i
    }
    store<u8>(bitsOut, <u8>byte)
  }
}
