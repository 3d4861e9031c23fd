import { Metrics } from '../../base/metrics.js'
import { type ProverOptions, type RunningProver, startProver } from '../../prover/prover.js'
import { SILENT } from '../chain/local-harness.js'

export type TestProver = Pick<
  ProverOptions,
  'engines' | 'signer' | 'genesisHash' | 'netuid' | 'keepDir' | 'now'
> &
  Partial<Pick<ProverOptions, 'port' | 'lookup' | 'blacklist'>>

/** A real prover on loopback, on a port of the system's choice where none is given, that takes every caller for a verifier. */
export function startTestProver(given: TestProver): Promise<RunningProver> {
  return startProver({
    lookup: async () => ({ validatorPermit: true, stakeRao: 1000n }),
    host: '127.0.0.1',
    port: 0,
    blacklist: { forceVerifierPermit: false, allowNonRegistered: false },
    version: '0.0.0',
    log: SILENT,
    metrics: new Metrics('prover'),
    ...given,
  })
}
