import uPlot from 'uplot'

export interface Line {
  readonly label: string
  /** The variable of the style sheet that is its colour. */
  readonly color: '--first' | '--second' | '--third' | '--fourth'
  readonly dash?: readonly number[]
}

const POINTS = 240
const HEIGHT = 150
/** Seconds between the times that are named: several would look the same within one. */
const WHOLE_SECONDS = [1, 2, 5, 10, 15, 30, 60]

/** Lines over the last minute, with a name for who doesn't see them. */
export class TimeChart {
  readonly #title: string
  readonly #lines: readonly Line[]
  readonly #format: (value: number) => string
  readonly #element = document.createElement('div')
  readonly #picture = document.createElement('div')
  readonly #values: readonly HTMLElement[]
  #data: (number | null)[][]
  #plot: uPlot | undefined

  constructor(parent: Element, title: string, lines: readonly Line[], format: (value: number) => string) {
    this.#title = title
    this.#lines = lines
    this.#format = format
    this.#data = [[], ...lines.map(() => [])]
    this.#element.className = 'chart'
    const heading = document.createElement('h2')
    heading.textContent = title
    this.#picture.setAttribute('role', 'img')
    const legend = document.createElement('div')
    legend.className = 'legend'
    // The picture's name says the same.
    legend.ariaHidden = 'true'
    this.#values = lines.map(({ label, color, dash }) => {
      const entry = document.createElement('span')
      const swatch = document.createElement('i')
      swatch.style.borderColor = `var(${color})`
      if (dash) swatch.style.borderTopStyle = 'dashed'
      const value = document.createElement('b')
      entry.append(swatch, `${label} `, value)
      legend.append(entry)
      return value
    })
    this.#element.append(heading, legend, this.#picture)
    parent.append(this.#element)
    this.draw()
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height: HEIGHT })).observe(this.#element)
  }

  /** Adds a point of every line; NaN is a gap. */
  add(seconds: number, values: readonly number[]): void {
    const finite = values.map(value => (Number.isFinite(value) ? value : null))
    for (const [i, value] of [seconds, ...finite].entries()) {
      const column = this.#data[i]!
      column.push(value)
      if (column.length > POINTS) column.shift()
    }
    this.#plot?.setData(this.#data as uPlot.AlignedData)
    for (const [i, value] of this.#values.entries()) value.textContent = this.#text(finite[i])
    const now = this.#lines.map(({ label }, i) => `${label} ${this.#text(finite[i])}`)
    this.#picture.setAttribute('aria-label', `${this.#title}: ${now.join(', ')}`)
  }

  /** Leaves a gap: nothing is known of the time from here to the next point. */
  pause(seconds: number): void {
    this.add(
      seconds,
      this.#lines.map(() => Number.NaN),
    )
  }

  /** Draws it anew, in the colours of the page as they are now. */
  draw(): void {
    this.#plot?.destroy()
    const style = getComputedStyle(document.documentElement)
    const color = (name: string): string => style.getPropertyValue(name).trim()
    const axis = { stroke: color('--quiet'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } }
    this.#plot = new uPlot(
      {
        width: this.#width(),
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 1)] } },
        axes: [
          { ...axis, size: 24, space: 90, incrs: WHOLE_SECONDS, values: (_, ticks) => ticks.map(clock) },
          { ...axis, size: 58, values: (_, ticks) => ticks.map(this.#format) },
        ],
        series: [
          {},
          ...this.#lines.map(line => ({
            label: line.label,
            stroke: color(line.color),
            width: 2,
            ...(line.dash ? { dash: [...line.dash] } : {}),
            points: { show: false },
          })),
        ],
      },
      this.#data as uPlot.AlignedData,
      this.#picture,
    )
  }

  #text(value: number | null | undefined): string {
    return value == null ? '–' : this.#format(value)
  }

  #width(): number {
    return Math.max(200, this.#element.clientWidth - 28)
  }
}

/** Seconds since the epoch as a time of day. */
const clock = (seconds: number): string => new Date(seconds * 1_000).toLocaleTimeString('en-GB')
