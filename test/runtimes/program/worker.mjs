// A Worker of workerd: a request brings the input, the response is the report.
import { conformance } from './conformance.mjs'
import { library } from './parts.mjs'

export default {
  async fetch(request) {
    return Response.json(await conformance(library, await request.json()))
  },
}
