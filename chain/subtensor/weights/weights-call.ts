import type { ApiPromise } from '@polkadot/api'
import { fromHex, type Hex } from '../../../formats/bytes.js'
import type { WeightsCall, WeightsStep } from '../../chain.js'
import { commitHash } from '../../commit-hash.js'
import { ChainError } from '../../errors.js'
import { timelockHash } from '../../timelock/payload.js'
import { type Call, makeCall } from '../sign-extrinsic.js'
import { mechanismOf } from './mechanism.js'
import type { SealedWeights } from './seal-weights.js'

/** A supported call of the pallet SubtensorModule, and the names of its arguments. */
export interface WeightsMethod {
  call: string
  args: readonly string[]
}

/** Looks up a call's argument names in a runtime's metadata; null if there is no such call. */
export type CallArguments = (call: string) => readonly string[] | null

/**
 * In order of preference. Mechanisms of a subnet are scored independently; calls without `mecid` mean the
 * first, 0.
 */
const METHODS: Readonly<Record<WeightsStep, readonly WeightsMethod[]>> = {
  set: [
    { call: 'setWeights', args: ['netuid', 'dests', 'weights', 'versionKey'] },
    { call: 'setMechanismWeights', args: ['netuid', 'mecid', 'dests', 'weights', 'versionKey'] },
  ],
  commit: [
    { call: 'commitWeights', args: ['netuid', 'commitHash'] },
    { call: 'commitMechanismWeights', args: ['netuid', 'mecid', 'commitHash'] },
  ],
  reveal: [
    { call: 'revealWeights', args: ['netuid', 'uids', 'values', 'salt', 'versionKey'] },
    {
      call: 'revealMechanismWeights',
      args: ['netuid', 'mecid', 'uids', 'values', 'salt', 'versionKey'],
    },
  ],
  timelock: [
    {
      call: 'commitTimelockedWeights',
      args: ['netuid', 'commit', 'revealRound', 'commitRevealVersion'],
    },
    {
      call: 'commitTimelockedMechanismWeights',
      args: ['netuid', 'mecid', 'commit', 'revealRound', 'commitRevealVersion'],
    },
  ],
}

/** Calls with the same purpose that are not supported here. */
const NOT_HERE: Readonly<Record<string, string>> = {
  commitCrv3Weights: 'timelocked commits of an older kind',
  setWeightsV2: 'scores of 32 bits',
}

/** Those of them that a runtime has, each with what it is for. */
export function callsNotHere(callArguments: CallArguments): [call: string, purpose: string][] {
  return Object.entries(NOT_HERE).filter(([call]) => callArguments(call) !== null)
}

/** The first supported call for a mechanism, else those that exist with different arguments. */
export function findMethod(
  step: WeightsStep,
  callArguments: CallArguments,
  mechanism: number,
): { found: WeightsMethod | null; changed: string[] } {
  const changed: string[] = []
  for (const method of METHODS[step]) {
    if (mechanism !== 0 && !method.args.includes('mecid')) continue
    const args = callArguments(method.call)
    if (args === null) continue
    if (String(args) === String(method.args)) return { found: method, changed }
    changed.push(`${method.call}(${args.join(', ')})`)
  }
  return { found: null, changed }
}

/** @throws ChainError `weights_unsupported` */
export function weightsMethod(
  step: WeightsStep,
  callArguments: CallArguments,
  specVersion: number,
  mechanism = 0,
): WeightsMethod {
  const { found, changed } = findMethod(step, callArguments, mechanism)
  if (found !== null) return found
  const notHere = callsNotHere(callArguments)
  const offered = notHere.map(([call]) => call)
  const known = METHODS[step].map(({ call }) => call).join(' or ')
  const why =
    changed.length > 0
      ? `its arguments differ from those that this version knows: ${changed}`
      : 'it has none'
  const instead = [...new Set(notHere.map(([, purpose]) => purpose))]
  const whose = mechanism === 0 ? '' : ` of mechanism ${mechanism}`
  const message =
    `runtime ${specVersion} can't ${step} weights${whose} by ${known}: ${why}` +
    (instead.length === 0 ? '' : `; it has ${instead.join(' and ')}, which Fractal can't do`)
  throw new ChainError('weights_unsupported', message, {
    hint:
      step === 'set'
        ? 'Update Fractal; until then run with --neuron.disable_set_weights.'
        : 'Turn commit-reveal off on this subnet (its owner can), or update Fractal.',
    details: { step, specVersion, offered },
  })
}

/** @throws ChainError `bad_request` for values that an extrinsic can't encode */
export function assertEncodable({ uids, values, salt = [] }: WeightsCall): void {
  if ([uids, values, salt].every((list) => list.every(isU16))) return
  throw new ChainError('bad_request', 'uids, values and salt must be integers 0 … 65535')
}

/**
 * @param sealed for the step `timelock`; null for all others
 * @throws ChainError `weights_unsupported`
 */
export function weightsCall(
  api: ApiPromise,
  { step, netuid, uids, values, versionKey, salt = [], signer }: WeightsCall,
  { mechanism, sealed }: { mechanism: number; sealed: SealedWeights | null },
): { call: Call; commitHash: Hex | null } {
  const { tx, runtimeVersion } = api
  const argumentsOf: CallArguments = (call) =>
    tx.subtensorModule?.[call]?.meta.args.map(({ name }) => name.toString()) ?? null
  const method = weightsMethod(step, argumentsOf, runtimeVersion.specVersion.toNumber(), mechanism)
  const { index } = mechanismOf(netuid, mechanism)
  const weights = { hotkey: signer.ss58, netuid: index, uids, values, salt, versionKey }
  const hash = step === 'commit' ? commitHash(weights) : null
  const given: Record<string, unknown> = {
    netuid,
    mecid: mechanism,
    dests: uids,
    weights: values,
    uids,
    values,
    salt,
    versionKey,
    commitHash: `0x${hash}`,
    ...(sealed === null ? {} : { ...sealed, commit: `0x${sealed.commit}` }),
  }
  const args = method.args.map((name) => given[name])
  return {
    call: makeCall(api, method.call, args),
    commitHash: sealed === null ? hash : timelockHash(fromHex(sealed.commit)),
  }
}

function isU16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65535
}
