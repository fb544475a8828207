// Node, Deno and Bun, as ES modules: the input is the argument, the report what is printed.
const began = performance.now()
const { library } = await import('./parts.mjs')
const { conformance } = await import('./conformance.mjs')
const [argument = '{}'] = globalThis.Deno?.args ?? process.argv.slice(2)
console.log(JSON.stringify({ began, ...(await conformance(library, JSON.parse(argument))) }))
