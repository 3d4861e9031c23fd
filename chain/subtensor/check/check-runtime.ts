import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { encodeAddress, sr25519PairFromSeed, sr25519Sign } from '../../../base/crypto.js'
import { describeError } from '../../../base/errors.js'
import { type Signer, sr25519Ready } from '../../../base/sr25519.js'
import { PRODUCTION_PROFILE } from '../../../rules/profile.js'
import type { BlockRef, WeightsStep } from '../../chain.js'
import { ChainError } from '../../errors.js'
import { stateBlocksNeeded } from '../../kept-states.js'
import { chainTarget } from '../endpoints.js'
import { RpcSocket } from '../rpc-socket.js'
import { Session } from '../session.js'
import { signedExtensionNames } from '../signed-extensions.js'
import { StateAt, wanted } from '../storage.js'
import { findMethod } from '../weights/weights-call.js'
import { tryExtrinsic } from './try-extrinsic.js'

/** One line about what a runtime offers. */
export interface Finding {
  /**
   * `missing`: something that Fractal needs does not exist. `-`: it has an alternative, or is not needed.
   */
  is: 'ok' | 'missing' | '-'
  what: string
}

const DEADLINE_MS = 10_000
const STEPS: Readonly<Record<WeightsStep, string>> = {
  set: 'plain weights',
  commit: 'commit to weights',
  reveal: 'reveal weights',
  timelock: 'timelocked weights',
}
/** Who reads the past, and how far back. */
const PAST = [
  {
    blocksAgo: stateBlocksNeeded(PRODUCTION_PROFILE.intervalBlocks),
    what: 'for an interval that is begun late',
    otherwise: 'missing',
  },
  { blocksAgo: 50_400, what: 'for `fractal audit` of last week’s records', otherwise: '-' },
] as const
/** Of SubtensorModule, by the API's names. */
const NEEDED = [
  ...['networksAdded', 'subnetworkN', 'keys', 'owner', 'axons', 'validatorPermit', 'lastUpdate'],
  ...['blockAtRegistration', 'totalHotkeyAlpha', 'parentKeys', 'childKeys', 'taoWeight', 'weights'],
  ...['tempo', 'weightsSetRateLimit', 'weightsVersionKey', 'minAllowedWeights', 'maxWeightsLimit'],
  ...['commitRevealWeightsEnabled', 'revealPeriodEpochs', 'weightCommits', 'immunityPeriod'],
  ...['maxAllowedUids', 'servingRateLimit', 'blocksSinceLastStep'],
]
/** Read if a runtime has them; older or newer ones have others, or none. */
const OPTIONAL = [
  ...['stakeThreshold', 'weightsMinStake', 'subnetOwnerHotkey', 'mechanismCountCurrent'],
  ...['timelockedWeightCommits', 'commitRevealWeightsVersion'],
  ...['subnetEpochIndex', 'lastEpochBlock', 'pendingEpochAt'],
]

/**
 * Lists what the runtime at an endpoint offers, and what the adapter would use. Sends nothing that changes
 * the chain: the extrinsic that it signs, with a throw-away key, is only validated by the runtime.
 * @throws ChainError `chain_endpoint`, `chain_unreachable`, `chain_timeout`, `bad_chain_answer`
 */
export async function checkRuntime(url: string, netuid: number): Promise<Finding[]> {
  await sr25519Ready()
  const { endpoints } = chainTarget('the endpoint', url)
  const socket = await RpcSocket.open(endpoints[0]!, DEADLINE_MS)
  try {
    const session = new Session(socket)
    return await session.run(() => findings(session, netuid))
  } finally {
    socket.close()
  }
}

async function findings(session: Session, netuid: number): Promise<Finding[]> {
  const api = await session.api()
  const head = await session.head()
  const state = await StateAt.open(session, head)
  const { specName, specVersion, transactionVersion } = api.runtimeVersion
  const says = `${specName} ${specVersion}, transactions ${transactionVersion}, metadata ${api.runtimeMetadata.version}`
  return [
    { is: 'ok', what: `runtime ${says}` },
    { is: 'ok', what: `genesis ${await session.genesisHash()}, block ${head.number}` },
    ...calls(state),
    ...NEEDED.map((item) => storage(state, item, 'missing')),
    ...OPTIONAL.map((item) => storage(state, item, '-')),
    ...signedExtensionNames(api).map(
      ({ name, isKnown }): Finding => ({
        is: isKnown ? 'ok' : 'missing',
        what: `extension ${name}${isKnown ? '' : ': it requires bytes that this version does not know'}`,
      }),
    ),
    await extrinsic(session, netuid),
    ...(await keptStates(session, netuid, head)),
  ]
}

/** What of the past the endpoint still has. */
async function keptStates(session: Session, netuid: number, head: BlockRef): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { blocksAgo, what, otherwise } of PAST) {
    if (head.number < blocksAgo) continue
    const number = head.number - blocksAgo
    const isKept = await hasState(session, netuid, number)
    found.push({
      is: isKept ? 'ok' : otherwise,
      what: `state of ${blocksAgo} blocks ago, ${what}: ${isKept ? 'kept' : 'discarded: an archive node has it'}`,
    })
  }
  return found
}

async function hasState(session: Session, netuid: number, number: number): Promise<boolean> {
  try {
    const state = await StateAt.open(session, { number, hash: await session.blockHash(number) })
    await state.read(wanted('networksAdded', z.boolean(), netuid))
    return true
  } catch (error) {
    if (error instanceof ChainError && error.code === 'StateDiscarded') return false
    throw error
  }
}

function calls(state: StateAt): Finding[] {
  return Object.entries(STEPS).map(([step, name]) => {
    const callArguments = (call: string) => state.argumentsOf(call)
    const { found, changed } = findMethod(step as WeightsStep, callArguments, 0)
    if (found !== null) return { is: 'ok', what: `call ${name}: ${found.call}(${found.args})` }
    const why = changed.length === 0 ? 'none' : `with other arguments: ${changed}`
    return { is: step === 'set' ? 'missing' : '-', what: `call ${name}: ${why}` }
  })
}

function storage(state: StateAt, item: string, otherwise: 'missing' | '-'): Finding {
  const keys = state.keysOf(item)
  if (keys === null) return { is: otherwise, what: `storage ${item}: none` }
  return { is: 'ok', what: `storage ${item}: ${keys} key${keys === 1 ? '' : 's'}` }
}

async function extrinsic(session: Session, netuid: number): Promise<Finding> {
  try {
    const said = await tryExtrinsic(session, netuid, strangersKey())
    const isRead = said !== 'BadProof' && said !== 'unreadable'
    return { is: isRead ? 'ok' : 'missing', what: `a signed extrinsic, unsent: ${said}` }
  } catch (error) {
    return { is: 'missing', what: `a signed extrinsic, unsent: ${describeError(error)}` }
  }
}

function strangersKey(): Signer {
  const pair = sr25519PairFromSeed(randomBytes(32))
  return {
    ss58: encodeAddress(pair.publicKey, 42),
    sign: (message) => sr25519Sign(message, pair),
  }
}
