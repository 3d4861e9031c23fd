import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Where Debian, Fedora and others put it. */
const LIBRARY = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '../lib64', '.']
  .map((folder) => path.join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'))
  .find((file) => existsSync(file))

/**
 * The clock of each process of a grid, by libfaketime: not only JavaScript reads it, but all that is native as well. As
 * where somebody sets a machine's clock, what measures durations goes on.
 */
export class ShiftedClocks {
  static readonly missing = LIBRARY === undefined
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'fractal-clocks-'))

  /** Of a process, for `GridOptions`. */
  readonly environment = (name: string): Record<string, string> => {
    if (LIBRARY === undefined) return {}
    this.set(name, 0)
    return {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#file(name),
      // Seconds after which it looks there again.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
  }

  set(name: string, seconds: number): void {
    const file = this.#file(name)
    writeFileSync(`${file}.next`, `${seconds < 0 ? '' : '+'}${seconds}`)
    renameSync(`${file}.next`, file)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  #file(name: string): string {
    return path.join(this.#folder, name)
  }
}
