import type { Log } from '../../base/log.js'

/**
 * Whether provers take the time that this process stamps its requests with. While they do not, nobody can
 * be judged or served, and only a person can mend it: said once in the log, in `/readyz` and as a metric.
 */
export class ClockWatch {
  #wrong = false
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** @param isOwn whether provers that were asked at the same instant refused it, all of them */
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
