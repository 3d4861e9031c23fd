import type { Log } from '../../base/log.js'
import type { Signer } from '../../base/sr25519.js'
import type { Chain } from '../../chain/chain.js'
import type { Database } from '../../ledger/database.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { ClockWatch } from '../shared/clock-watch.js'

/** What asking a round's provers needs; provided by the process that sends users' requests. */
export interface RoundDeps {
  readonly id: VerifierId
  readonly db: Database
  readonly chain: Pick<Chain, 'metagraph' | 'finalized' | 'genesisHash' | 'blockSeconds'>
  readonly signer: Signer
  readonly allowPrivateAddresses: boolean
  readonly mayVerify: (hotkey: string, forMs?: number) => boolean
  readonly clock: ClockWatch
  readonly log: Log
}
