import { fromHex } from '../../formats/bytes.js'
import type { PreparedExtrinsic } from '../chain.js'
import { ChainError, retryHelps } from '../errors.js'
import type { FinalizedBlocks } from './inclusion.js'
import { poolRefusal } from './pool-errors.js'
import { RpcError } from './rpc-error.js'
import type { Session } from './session.js'

/**
 * The pool's errors for an extrinsic that is already in a block: its nonce is used, its era has passed if
 * that was long ago, or it is temporarily banned, like everything that was just included.
 */
const MAY_BE_INCLUDED = ['Stale', 'AncientBirthBlock', 'TemporarilyBanned']

/**
 * An era is encoded as period and phase, so once it has passed, the node takes it for the next era with the
 * same phase, which would need another block's hash: so the signature looks wrong.
 */
function afterEra(name: string, isOver: boolean): string {
  return name === 'BadProof' && isOver ? 'AncientBirthBlock' : name
}

/** @throws ChainError with the pool's reason */
export async function submitExtrinsic(
  session: Session,
  prepared: PreparedExtrinsic,
  blocks: FinalizedBlocks,
): Promise<void> {
  fromHex(prepared.bytes)
  try {
    await session.submit(prepared.bytes)
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    const head = await session.head()
    const specVersion = await session.specVersion()
    const { name: said, custom } = poolRefusal(error, specVersion)
    const name = afterEra(said, head.number >= prepared.eraLast)
    if (name === 'AlreadyImported') return
    if (MAY_BE_INCLUDED.includes(name)) {
      const last = Math.min(prepared.eraLast, head.number)
      if (await blocks.find(session, prepared.hash, prepared.eraFirst, last)) return
    }
    const told = name === 'pool_refused' ? error.said : `${name} (${error.said})`
    const number =
      name === 'pool_refused' && custom !== null
        ? `, its code ${custom}, which runtime ${specVersion} has no known name for`
        : ''
    throw new ChainError(name, `the pool refuses the extrinsic: ${told}${number}`, {
      retryable: retryHelps(name),
      details: { said: error.said, custom, specVersion },
      cause: error,
    })
  }
}
