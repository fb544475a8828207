// An edge function: the host calls what stands in the global.
import { conformance } from './conformance.mjs'
import { library } from './parts.mjs'

globalThis.report = async input => {
  const began = performance.now()
  return JSON.stringify({ began, ...(await conformance(library, JSON.parse(input))) })
}
