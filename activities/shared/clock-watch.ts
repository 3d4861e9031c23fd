import type { Log } from '../../base/log.js'

/**
 * Tracks whether provers accept the timestamps of this process's requests. While they do not, nobody can be
 * judged or served, and only a person can fix it: it is logged once, and shown in `/readyz` and as a metric.
 */
export class ClockWatch {
  #wrong = false
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** @param isOwn whether all provers that were asked at the same instant rejected it */
  found(isOwn: boolean): void {
    if (isOwn === this.#wrong) return
    this.#wrong = isOwn
    if (isOwn) {
      this.#log.error(
        'every prover refuses the time in our requests: the clock of this machine is wrong. ' +
          'Set it (NTP); until then checks are abstained and users’ requests wait',
      )
    } else this.#log.info('provers accept the time in our requests again')
  }

  get isWrong(): boolean {
    return this.#wrong
  }

  /** For `/readyz`. */
  problem(): string | null {
    return this.#wrong ? 'every prover refuses the time in our requests: set this clock' : null
  }
}
