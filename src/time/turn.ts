interface Turns {
  readonly setImmediate?: (callback: () => void) => unknown
  readonly MessageChannel?: typeof MessageChannel
}

/**
 * Resolves in a later turn of the event loop, after timers and I/O had their chance. Not a wait of some length, so no
 * business of the Clock. `setTimeout` would cost a millisecond or more a turn: it is taken where there is nothing else.
 */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    const { setImmediate, MessageChannel } = globalThis as Turns
    if (setImmediate) setImmediate(resolve)
    else if (MessageChannel) {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(undefined)
    } else setTimeout(resolve, 0)
  })
}
