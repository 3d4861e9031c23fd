const WIDTH = 30

/** A bar on a terminal's standard error; nothing where nobody watches. */
export class ProgressBar {
  readonly #shown = process.stderr.isTTY === true

  show(label: string, done: number, total: number): void {
    if (!this.#shown) return
    const filled = Math.round((done / total) * WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
    process.stderr.write(`\r\x1b[K${label} ${bar} ${done}/${total}`)
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K')
  }
}
