import { mapWithLimit } from '../../base/concurrency/map-with-limit.js'
import { messageOf } from '../../base/errors.js'
import { sanitizeText } from '../../base/sanitize-text.js'
import type { Neuron } from '../../chain/chain.js'
import { CAPACITY_PER_GPU } from '../../rules/constants.js'
import { declaredGpus } from '../../rules/plan/room.js'
import { fetchInfo } from '../../wire/info.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** What a prover reported about itself when the interval opened. */
export interface ProverFacts {
  readonly determinismClass: string | null
  readonly modelRoot: string | null
  readonly capacity: number | null
  readonly reachable: boolean
  readonly unreachableReason: string | null
}

/** Concurrent connections: 256 provers are asked within a few seconds, without a burst. */
const MAX_CONNECTIONS = 32

/** Requests each prover's `/v1/info`; a prover that does not answer is a result too, never an error. */
export async function fetchProverInfos(
  deps: Pick<VerifierDeps, 'allowPrivateAddresses'>,
  neurons: readonly Neuron[],
  signal: AbortSignal,
): Promise<ProverFacts[]> {
  return mapWithLimit(neurons, MAX_CONNECTIONS, (neuron) => askInfo(deps, neuron, signal))
}

async function askInfo(
  deps: Pick<VerifierDeps, 'allowPrivateAddresses'>,
  neuron: Neuron,
  signal: AbortSignal,
): Promise<ProverFacts> {
  try {
    const info = await fetchInfo({
      address: neuron.axon!,
      allowPrivate: deps.allowPrivateAddresses,
      signal,
    })
    if (info.hotkey !== neuron.hotkey) return unreachable(`answers for another hotkey`)
    return {
      determinismClass: info.determinism_class,
      modelRoot: info.model_root,
      capacity: CAPACITY_PER_GPU * declaredGpus(info.capacity),
      reachable: true,
      unreachableReason: null,
    }
  } catch (error) {
    return unreachable(messageOf(error))
  }
}

function unreachable(reason: string): ProverFacts {
  return {
    determinismClass: null,
    modelRoot: null,
    capacity: null,
    reachable: false,
    unreachableReason: sanitizeText(reason),
  }
}
