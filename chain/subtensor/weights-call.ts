import type { ApiPromise } from '@polkadot/api'
import type { Hex } from '../../formats/bytes.js'
import type { WeightsCall, WeightsStep } from '../chain.js'
import { commitHash } from '../commit-hash.js'
import { ChainError } from '../errors.js'
import { type Call, makeCall } from './sign-extrinsic.js'

/** The first mechanism of a subnet; its storage index, which a commit hashes, is the netuid. */
const MECHANISM = 0

/** A call of the pallet SubtensorModule that can be made right, and how its arguments are named. */
export interface WeightsMethod {
  call: string
  args: readonly string[]
}

/** What is asked of a runtime's metadata: the names of a call's arguments, null when there is none. */
export type CallArguments = (call: string) => readonly string[] | null

/**
 * In the order of preference. Subnets with several mechanisms are scored in each by itself; ours is
 * the first, 0, which is also what the calls without `mecid` mean.
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
}

/**
 * Calls that do the same in a way that is not offered here. Timelocked commits are encrypted to a
 * round of drand; no encoder for it could be proved to be what the chain decrypts.
 */
const NOT_HERE: Readonly<Record<string, string>> = {
  commitTimelockedWeights: 'timelocked commits, which the chain reveals by itself',
  commitTimelockedMechanismWeights: 'timelocked commits, which the chain reveals by itself',
  commitCrv3Weights: 'timelocked commits, which the chain reveals by itself',
  setWeightsV2: 'scores of 32 bits',
}

/** @throws ChainError `weights_unsupported` */
export function weightsMethod(
  step: WeightsStep,
  callArguments: CallArguments,
  specVersion: number,
): WeightsMethod {
  const changed: string[] = []
  for (const method of METHODS[step]) {
    const args = callArguments(method.call)
    if (args === null) continue
    if (String(args) === String(method.args)) return method
    changed.push(`${method.call}(${args.join(', ')})`)
  }
  const offered = Object.keys(NOT_HERE).filter((call) => callArguments(call) !== null)
  const known = METHODS[step].map(({ call }) => call).join(' or ')
  const why =
    changed.length > 0
      ? `its arguments are others than this version knows: ${changed}`
      : 'it has none'
  const instead = [...new Set(offered.map((call) => NOT_HERE[call]))]
  const message =
    `runtime ${specVersion} can't ${step} weights by ${known}: ${why}` +
    (instead.length === 0 ? '' : `; it has ${instead.join(' and ')}, which Fractal can't do`)
  throw new ChainError('weights_unsupported', message, {
    hint:
      step === 'set'
        ? 'Update Fractal; until then run with --neuron.disable_set_weights.'
        : 'Turn commit-reveal off on this subnet (its owner can), or update Fractal.',
    details: { step, specVersion, offered },
  })
}

/** @throws ChainError `weights_unsupported`, `bad_request` */
export function weightsCall(
  api: ApiPromise,
  { step, netuid, uids, values, versionKey, salt = [], signer }: WeightsCall,
): { call: Call; commitHash: Hex | null } {
  if (![uids, values, salt].every((list) => list.every(isU16))) {
    throw new ChainError('bad_request', 'uids, values and salt have to be integers 0 … 65535')
  }
  const { tx, runtimeVersion } = api
  const argumentsOf: CallArguments = (call) =>
    tx.subtensorModule?.[call]?.meta.args.map(({ name }) => name.toString()) ?? null
  const method = weightsMethod(step, argumentsOf, runtimeVersion.specVersion.toNumber())
  const weights = { hotkey: signer.ss58, netuid, uids, values, salt, versionKey }
  const hash = step === 'commit' ? commitHash(weights) : null
  const given: Record<string, unknown> = {
    netuid,
    mecid: MECHANISM,
    dests: uids,
    weights: values,
    uids,
    values,
    salt,
    versionKey,
    commitHash: `0x${hash}`,
  }
  const args = method.args.map((name) => given[name])
  return { call: makeCall(api, method.call, args), commitHash: hash }
}

function isU16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65535
}
