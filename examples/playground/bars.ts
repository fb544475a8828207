import type { Comparison } from './benchmark.ts'
import { queries } from './queries.ts'

/** Draws the comparisons: for each query two bars on one scale, and their ratio. */
export function drawBars(parent: Element, comparisons: readonly Comparison[]): void {
  const most = Math.max(...comparisons.flatMap(({ wasm, js }) => [wasm, js]))
  parent.replaceChildren(
    ...comparisons.map(({ query, wasm, js }) => {
      const figure = document.createElement('figure')
      const caption = document.createElement('figcaption')
      const ratio = document.createElement('strong')
      ratio.textContent = `${(wasm / js).toFixed(2)}×`
      caption.append(queries[query].title, ratio)
      figure.append(caption, bar('WebAssembly', wasm, most, 'wasm'), bar('JavaScript', js, most, 'js'))
      return figure
    }),
  )
}

function bar(name: string, rate: number, most: number, kind: string): HTMLElement {
  const row = document.createElement('div')
  row.className = `bar ${kind}`
  const track = document.createElement('div')
  track.className = 'track'
  const filled = document.createElement('span')
  // Room for the figure behind the longest one.
  filled.style.width = `${(rate / most) * 68}%`
  track.append(filled, `${rate.toFixed(1)} M events/s`)
  row.append(name, track)
  return row
}
