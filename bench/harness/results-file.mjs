import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file of results, written anew with each group: a run that is cut off leaves what it has measured. */
export class ResultsFile {
  #file
  #heading
  #others
  #measured = []

  /**
   * @param heading What stands above the groups.
   * @throws Error when what is in the file can't be read.
   */
  constructor(file, heading) {
    this.#file = file
    this.#heading = heading
    this.#others = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).groups : []
    mkdirSync(dirname(file), { recursive: true })
  }

  /** The group takes the place of the one of its name; those of earlier runs stay. */
  add(report) {
    this.#measured.push(report)
    this.#others = this.#others.filter(({ group }) => group !== report.group)
    this.#write()
  }

  /** Takes out the groups of earlier runs that this one has not measured. */
  keepMeasured() {
    this.#others = []
    this.#write()
  }

  #write() {
    const groups = [...this.#others, ...this.#measured].sort((a, b) => (a.group < b.group ? -1 : 1))
    // Never half a file.
    const fresh = `${this.#file}.${process.pid}`
    writeFileSync(fresh, `${JSON.stringify({ ...this.#heading, groups }, rounded, 2)}\n`)
    renameSync(fresh, this.#file)
  }
}

/** Five significant digits: more is noise. */
function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}
