import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { encodeAddress, sr25519PairFromSeed, sr25519Sign } from '../../../base/crypto.js'
import { describeError } from '../../../base/errors.js'
import { type Signer, sr25519Ready } from '../../../base/sr25519.js'
import { PRODUCTION_PROFILE } from '../../../rules/profile.js'
import type { BlockRef } from '../../chain.js'
import { ChainError } from '../../errors.js'
import { stateBlocksNeeded } from '../../kept-states.js'
import { secondsOfBlock } from '../adapter.js'
import { chainTarget, networkOfGenesis } from '../endpoints.js'
import { RpcSocket } from '../rpc-socket.js'
import { Session } from '../session.js'
import { StateAt, wanted } from '../storage.js'
import { checkItems } from './check-items.js'
import { checkSubnet } from './check-subnet.js'
import type { Finding } from './finding.js'
import { tryExtrinsic } from './try-extrinsic.js'

const DEADLINE_MS = 10_000
/** As many blocks without a new one, and a node is stuck or still catching up. */
const STUCK_BLOCKS = 10
/** Who reads the past, and how far back. */
const PAST = [
  {
    blocksAgo: stateBlocksNeeded(PRODUCTION_PROFILE.intervalBlocks),
    what: 'for an interval that is begun late',
    otherwise: 'missing',
  },
  { blocksAgo: 50_400, what: 'for `fractal audit` of last week’s records', otherwise: '-' },
] as const

/** Which of its subnets' mechanisms is asked about. */
export interface CheckedPlace {
  readonly netuid: number
  readonly mechanism: number
}

/**
 * Lists what the runtime at an endpoint offers, and what the adapter would use. Sends nothing that changes
 * the chain: the extrinsic that it signs, with a throw-away key, is only validated by the runtime.
 * @throws ChainError `chain_endpoint`, `chain_unreachable`, `chain_timeout`, `bad_chain_answer`
 */
export async function checkRuntime(url: string, place: CheckedPlace): Promise<Finding[]> {
  await sr25519Ready()
  const { endpoints } = chainTarget('the endpoint', url)
  const socket = await RpcSocket.open(endpoints[0]!, DEADLINE_MS)
  try {
    const session = new Session(socket)
    return await session.run(() => findings(session, place))
  } finally {
    socket.close()
  }
}

async function findings(session: Session, place: CheckedPlace): Promise<Finding[]> {
  const api = await session.api()
  const head = await session.head()
  const state = await StateAt.open(session, head)
  const blockSeconds = await secondsOfBlock(session)
  const subnet = await checkSubnet(state, place)
  return [
    ...(await about(session, state, blockSeconds)),
    ...subnet.findings,
    ...checkItems(state, api, place.mechanism),
    ...(subnet.step === null
      ? []
      : [await extrinsic(session, { ...place, step: subnet.step, blockSeconds })]),
    ...(await keptStates(session, place.netuid, head)),
  ]
}

/** The node, its runtime, its chain, and whether it is where the chain is. */
async function about(session: Session, state: StateAt, blockSeconds: number): Promise<Finding[]> {
  const api = await session.api()
  const genesis = await session.genesisHash()
  const { specName, specVersion, transactionVersion } = api.runtimeVersion
  const runtime = `${specName} ${specVersion}, transactions ${transactionVersion}, metadata ${api.runtimeMetadata.version}`
  const network = networkOfGenesis(genesis)
  const final = await session.finalized()
  const ageSeconds = Math.round(Date.now() / 1000 - (await state.madeAtSeconds()))
  // Development chains, which say how long their blocks last, have clocks of their own.
  const isStuck = ageSeconds > STUCK_BLOCKS * blockSeconds && (await session.saidBlockMs()) === null
  const said = `block ${state.block.number}, made ${ageSeconds} s ago by this machine’s clock; the last final one is ${final.number}`
  return [
    { is: 'ok', what: `node ${await nodeVersion(session)}, a block every ${blockSeconds} s` },
    { is: 'ok', what: `runtime ${runtime}` },
    { is: 'ok', what: `genesis ${genesis}${network === null ? '' : ` (${network})`}` },
    {
      is: isStuck ? 'missing' : 'ok',
      what: isStuck ? `a newer block: ${said}: the node is stuck, or still catching up` : said,
    },
  ]
}

/** Nodes behind a proxy may not tell. */
async function nodeVersion(session: Session): Promise<string> {
  try {
    return await session.read('system_version', [], z.string())
  } catch (error) {
    if (error instanceof ChainError && error.code === 'bad_chain_answer') return 'of no version'
    throw error
  }
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

async function extrinsic(
  session: Session,
  tried: Omit<Parameters<typeof tryExtrinsic>[1], 'signer'>,
): Promise<Finding> {
  try {
    const { isRead, said } = await tryExtrinsic(session, { ...tried, signer: strangersKey() })
    return { is: isRead ? 'ok' : 'missing', what: said }
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
