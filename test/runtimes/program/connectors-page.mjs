// A page and its worker: the same script. The page's globals are what the test calls.
import { connectors, doubling, listening, tell, throughWorker } from './connectors.mjs'

const asked = message =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/page.js', { type: 'module' })
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(message)
  })

if (globalThis.document)
  Object.assign(globalThis, {
    connectors,
    async listen(channel) {
      globalThis.heard = await listening(channel)
    },
    tell,
    inWorker: at => asked({ at }),
    async throughWorker() {
      const worker = new Worker('/page.js', { type: 'module' })
      worker.postMessage({ act: 'doubling' })
      return throughWorker(worker)
    },
  })
else
  globalThis.addEventListener('message', async ({ data: { at, act } }) => {
    if (act === 'doubling') await doubling(globalThis)
    else if (at !== undefined) postMessage(await connectors(at))
  })
