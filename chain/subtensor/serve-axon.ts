import { z } from 'zod'
import type { Signer } from '../../base/sr25519.js'
import type { AxonAddress, Inclusion } from '../chain.js'
import { ChainError, retryHelps } from '../errors.js'
import { axonAddress, storedIp } from './axon-address.js'
import type { Connection } from './connection.js'
import { FinalizedBlocks, outcomeOf } from './inclusion.js'
import { makeCall, type SignedExtrinsic, signExtrinsic } from './sign-extrinsic.js'
import { count, rao, StateAt, wanted } from './storage.js'
import { submitExtrinsic } from './submit-extrinsic.js'

/** Mortality of an axon's extrinsic: normally the next block includes it. */
const ERA_BLOCKS = 16
/** `serve_axon` requires more than an address; nobody reads these for a prover. */
const AXON_VERSION = 1
const PROTOCOL = 4

const axon = z.object({ ip: rao, ipType: count, port: count }).nullable()

export interface Serving {
  signer: Signer
  netuid: number
  address: AxonAddress
  blockSeconds: number
}

/** @throws ChainError with the pool's or the block's reason; `not_included`, `chain_timeout` */
export async function serveAxon(
  connection: Connection,
  serving: Serving,
): Promise<'served' | 'unchanged'> {
  const { signer, netuid, address, blockSeconds } = serving
  const { ip, ipType } = storedIp(address.ip)
  const wantedAddress = axonAddress({ ip, ipType, port: address.port })
  const signed = await connection.run(async (session) => {
    const state = await StateAt.open(session, await session.head())
    const [stored] = await state.readSubnet(netuid, wanted('axons', axon, netuid, signer.ss58))
    const present = stored === null ? null : axonAddress(stored)
    if (present?.ip === wantedAddress?.ip && present?.port === address.port) return null
    const args = [netuid, AXON_VERSION, ip, address.port, ipType, PROTOCOL, 0, 0]
    const api = await session.latestApi()
    const call = makeCall(api, 'serveAxon', args)
    return signExtrinsic(session, api, call, { signer, eraBlocks: ERA_BLOCKS })
  })
  if (signed === null) return 'unchanged'
  const blocks = new FinalizedBlocks()
  await connection.run((session) =>
    submitExtrinsic(session, { ...signed, commitHash: null }, blocks),
  )
  const included = await waitIncluded(connection, signed, blockSeconds)
  if (included.ok) return 'served'
  const { error } = included
  throw new ChainError(error, `serve_axon: ${error}`, { retryable: retryHelps(error) })
}

/** Waits for the best chain only: code that depends on finality checks the chain later. */
async function waitIncluded(
  connection: Connection,
  { hash, eraFirst, eraLast }: SignedExtrinsic,
  blockSeconds: number,
): Promise<Inclusion> {
  const deadline = performance.now() + ERA_BLOCKS * blockSeconds * 2000
  let from = eraFirst
  for (;;) {
    const { head, included } = await connection.run(async (session) => {
      const head = await session.head()
      const last = Math.min(head.number, eraLast)
      const found = await new FinalizedBlocks().find(session, hash, from, last)
      return { head, included: found === null ? null : await outcomeOf(session, found) }
    })
    if (included !== null) return included
    connection.sawHead(head.number)
    if (head.number >= eraLast || performance.now() > deadline) {
      const message = `no block up to ${head.number} took the extrinsic ${hash}`
      throw new ChainError('not_included', message, { retryable: true })
    }
    // The newest blocks are read again, because others may replace them.
    from = Math.max(eraFirst, head.number - 2)
    await connection.nextBlock(blockSeconds * 2000)
  }
}
