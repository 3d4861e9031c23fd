import { FractalError } from '../../base/errors.js'
import type { Metagraph, Neuron, SubnetParams } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { baselineLastUpdate } from '../../ledger/intervals/lease.js'
import { isOurInclusion, pendingExtrinsics } from '../../ledger/intervals/weight-extrinsics.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { findChainReveals } from './timelocked.js'
import { recordEnd } from './track-inclusion.js'

/** The chain's state before something is signed. */
export interface WeightsContext {
  readonly params: SubnetParams
  readonly metagraph: Metagraph
  readonly me: Neuron
}

/**
 * Checks the chain's head for everything that would make it refuse any weights: a later refusal would cost
 * the interval time.
 * @throws ChainError `HotKeyNotRegisteredInSubNet`, `NotEnoughStakeToSetWeights`, `NeuronNoValidatorPermit`, and
 * what reads throw
 */
export async function readWeightsContext({ chain, id }: VerifierDeps): Promise<WeightsContext> {
  const params = await chain.subnetParams(id.netuid)
  const metagraph = await chain.metagraph(id.netuid)
  const me = metagraph.neurons.find((neuron) => neuron.hotkey === id.verifier)
  if (me === undefined) {
    throw new ChainError(
      'HotKeyNotRegisteredInSubNet',
      `the hotkey ${id.verifier} is not registered on subnet ${id.netuid}`,
      { hint: 'register it, then retry the interval' },
    )
  }
  const isOwner = params.ownerHotkey === id.verifier
  if (!me.validatorPermit && !isOwner) {
    throw new ChainError(
      'NeuronNoValidatorPermit',
      `the hotkey ${id.verifier} has no validator permit on subnet ${id.netuid}`,
      { hint: 'add stake until the next epoch gives it one, then retry the interval' },
    )
  }
  // Of a timelocked commit the chain asks this only when it reveals it, and then says nothing.
  if (me.stakeRao < params.minStakeRao && !isOwner) {
    throw new ChainError(
      'NotEnoughStakeToSetWeights',
      `the hotkey ${id.verifier} has too little stake for weights on subnet ${id.netuid}: ${me.stakeRao} of ${params.minStakeRao} rao`,
      { hint: 'add stake, then retry the interval' },
    )
  }
  return { params, metagraph, me }
}

/** @throws ChainError `IncorrectWeightVersionKey` */
export function assertVersionKey({ weightsVersionKey }: SubnetParams, ours: number): void {
  if (weightsVersionKey <= ours) return
  throw new ChainError(
    'IncorrectWeightVersionKey',
    `the subnet requires weights of version ${weightsVersionKey} or later; these are of version ${ours}`,
    { hint: 'update Fractal (the owner of the subnet may lower weights_version_key instead)' },
  )
}

/**
 * Asserts that the hotkey's last update is one of ours (mechanism section 6). Commits count as updates and
 * reveals don't, so this also detects another process that commits.
 * @returns why to wait: an extrinsic of ours, or the chain's reveal of one, may be in a block that is not final yet;
 * else null
 * @throws FractalError `another_process_sets_weights`
 */
export async function assertSoleSender(
  deps: VerifierDeps,
  { me }: WeightsContext,
): Promise<string | null> {
  const { db, id } = deps
  // A failed interval may have left one that has been included since: then that block is ours.
  const open = []
  for (const other of await pendingExtrinsics(db, id)) {
    if ((await recordEnd(deps, other.n, other)) === null) open.push(other)
  }
  const { lastUpdate, registeredBlock } = me
  // A hotkey that registered again has not set any weights since, whatever it set before.
  if ([registeredBlock, await baselineLastUpdate(db, id)].includes(lastUpdate)) return null
  if (await isOurInclusion(db, id, lastUpdate)) return null
  const maybe = open.find(
    ({ step, eraFirst, eraLast }) =>
      step !== 'reveal' && eraFirst <= lastUpdate && lastUpdate <= eraLast,
  )
  if (maybe !== undefined) {
    return `waiting until block ${lastUpdate} is final: it may hold the weights of interval ${maybe.n}`
  }
  const reveal = await findChainReveals(deps, lastUpdate)
  if (reveal !== null) return reveal
  if (await isOurInclusion(db, id, lastUpdate)) return null
  throw new FractalError(
    'another_process_sets_weights',
    `another process sets weights with this hotkey: the chain says block ${lastUpdate}, which is not one of ours`,
    { hint: 'stop the other process, restart this verifier, then retry the interval' },
  )
}
