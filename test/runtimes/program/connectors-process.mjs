// Node, Deno and Bun: the address is the argument, what is printed is what happened.
import { connectors } from './connectors.mjs'

const [at] = globalThis.Deno?.args ?? process.argv.slice(2)
console.log(JSON.stringify(await connectors(at)))
