interface Turns {
  readonly setImmediate?: (callback: () => void) => unknown
}

/**
 * Resolves in a later turn of the event loop, after timers and I/O had their chance. Not a wait of some length, so no
 * business of the Clock: `setTimeout` would cost a millisecond or more a turn.
 */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    const { setImmediate } = globalThis as Turns
    if (setImmediate) {
      setImmediate(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
