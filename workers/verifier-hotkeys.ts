import { messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Chain, SubnetParams } from '../chain/chain.js'
import { startPeriodic } from './sweeps/periodic.js'

const READ_MS = 60_000
const FAILURE = 'reading who may verify failed'

/**
 * Who may set weights on a subnet: neurons with a validator permit, and its owner. Read once a minute, so
 * that nobody waits for the chain; while it does not answer, the last reading stays in force (before the first: nobody).
 */
export class VerifierHotkeys {
  readonly #timer: { stop: () => void }

  private constructor(
    private hotkeys: ReadonlySet<string>,
    read: () => Promise<ReadonlySet<string>>,
    log: Log,
    readMs: number,
  ) {
    const readAgain = async () => {
      this.hotkeys = await read()
    }
    this.#timer = startPeriodic(readMs, readAgain, log, FAILURE)
  }

  static async start(
    chain: Pick<Chain, 'metagraph'> & {
      subnetParams(netuid: number): Promise<Pick<SubnetParams, 'ownerHotkey'>>
    },
    netuid: number,
    log: Log,
    readMs = READ_MS,
  ): Promise<VerifierHotkeys> {
    const read = async () => {
      const [{ neurons }, { ownerHotkey }] = await Promise.all([
        chain.metagraph(netuid),
        chain.subnetParams(netuid),
      ])
      const permitted = neurons.flatMap((one) => (one.validatorPermit ? [one.hotkey] : []))
      return new Set(ownerHotkey === null ? permitted : [...permitted, ownerHotkey])
    }
    const first = await read().catch((error) => {
      log.warn({ reason: messageOf(error) }, FAILURE)
      return new Set<string>()
    })
    return new VerifierHotkeys(first, read, log, readMs)
  }

  readonly has = (hotkey: string): boolean => this.hotkeys.has(hotkey)

  stop(): void {
    this.#timer.stop()
  }
}
