import { createRequire } from 'node:module'
import type { ApiPromise as Api } from '@polkadot/api'
import type { WeightsStep } from '../../../chain/chain.js'
import type { HeldWeights } from './made-chain.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { ApiPromise, WsProvider }: typeof import('@polkadot/api') = createRequire(import.meta.url)(
  '@polkadot/api',
)

const STEPS: Readonly<Record<string, WeightsStep>> = {
  setWeights: 'set',
  commitWeights: 'commit',
  revealWeights: 'reveal',
}

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

interface IncludedWeights extends HeldWeights {
  readonly ok: boolean
}

/** Every extrinsic about weights that this hotkey signed, in all blocks of the chain. */
export async function weightsExtrinsics(api: Api, hotkey: string): Promise<IncludedWeights[]> {
  const head = (await api.rpc.chain.getHeader()).number.toNumber()
  const found: IncludedWeights[] = []
  for (let number = 1; number <= head; number++) {
    const hash = await api.rpc.chain.getBlockHash(number)
    const { block } = await api.rpc.chain.getBlock(hash)
    for (const [index, extrinsic] of block.extrinsics.entries()) {
      const { section, method } = extrinsic.method
      if (!extrinsic.isSigned || extrinsic.signer.toString() !== hotkey) continue
      const step = section === 'subtensorModule' ? STEPS[method] : undefined
      if (step === undefined) continue
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
      found.push({ hash: extrinsic.hash.toHex().slice(2), step, ok })
    }
  }
  return found
}
