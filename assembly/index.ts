// Every kernel the binaries export, one line a family. The typed list of them is src/wasm/exports.ts.

export * from './arithmetic'
export * from './arithmetic-i64'
export * from './bitmap'
export * from './cast'
export * from './choose'
export * from './compare'
export * from './fill'
export * from './lookup'
export * from './mask'
export * from './take'
