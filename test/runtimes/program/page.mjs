// A page: the input is in the address, time counts from the navigation.
import { conformance } from './conformance.mjs'
import { library } from './parts.mjs'

globalThis.report = conformance(library, JSON.parse(decodeURIComponent(location.hash.slice(1) || '{}'))).then(
  report => ({ began: 0, isolated: globalThis.crossOriginIsolated, ...report }),
)
