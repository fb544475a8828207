// The same as CommonJS.
const began = performance.now()
const library = require('eventflux')
const [argument = '{}'] = globalThis.Deno?.args ?? process.argv.slice(2)
import('./conformance.mjs')
  .then(({ conformance }) => conformance(library, JSON.parse(argument)))
  .then(report => console.log(JSON.stringify({ began, ...report })))
