import { createRequire } from 'node:module'
import type { ApiPromise as Api } from '@polkadot/api'

// In its CommonJS form for the reason in base/crypto.ts.
const { ApiPromise, WsProvider }: typeof import('@polkadot/api') = createRequire(import.meta.url)(
  '@polkadot/api',
)

const WEIGHTS_CALLS = ['setWeights', 'commitWeights', 'revealWeights']

/** The chain as polkadot.js sees it, and nothing of ours. */
export async function bareApi(url: string): Promise<Api> {
  return ApiPromise.create({
    provider: new WsProvider(url),
    noInitWarn: true,
    throwOnConnect: true,
  })
}

/** The weights in the runtime's storage. */
export async function storedWeights(
  api: Api,
  netuid: number,
  hotkey: string,
): Promise<[uid: number, value: number][]> {
  const { uids, weights } = api.query.subtensorModule!
  const uid = Number(String(await uids!(netuid, hotkey)))
  return (await weights!(netuid, uid)).toJSON() as [number, number][]
}

export interface HeldExtrinsic {
  readonly block: number
  readonly call: string
  /** Without 0x. */
  readonly hash: string
  readonly ok: boolean
}

/** Every extrinsic about weights that this hotkey signed, in all blocks of the chain. */
export async function weightsExtrinsics(api: Api, hotkey: string): Promise<HeldExtrinsic[]> {
  const head = (await api.rpc.chain.getHeader()).number.toNumber()
  const found: HeldExtrinsic[] = []
  for (let number = 1; number <= head; number++) {
    const hash = await api.rpc.chain.getBlockHash(number)
    const { block } = await api.rpc.chain.getBlock(hash)
    for (const [index, extrinsic] of block.extrinsics.entries()) {
      const { section, method } = extrinsic.method
      if (!extrinsic.isSigned || extrinsic.signer.toString() !== hotkey) continue
      if (section !== 'subtensorModule' || !WEIGHTS_CALLS.includes(method)) continue
      const events = (await (
        await api.at(hash)
      ).query.system!.events!()) as unknown as {
        phase: { isApplyExtrinsic: boolean; asApplyExtrinsic: { toNumber(): number } }
        event: { section: string; method: string }
      }[]
      const ok = events.some(
        ({ phase, event }) =>
          phase.isApplyExtrinsic &&
          phase.asApplyExtrinsic.toNumber() === index &&
          event.method === 'ExtrinsicSuccess',
      )
      found.push({ block: number, call: method, hash: extrinsic.hash.toHex().slice(2), ok })
    }
  }
  return found
}
