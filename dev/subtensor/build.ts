import type { CallResult, RuntimeExecutor } from './executor.js'
import { RuntimeTrap } from './executor.js'
import { auraDigest, decodeHeader, encodeHeader, type Header, ZERO_HASH } from './header.js'
import type { StorageHistory } from './history.js'
import { compact, ScaleReader, sized } from './scale.js'
import type { StorageChanges, StorageHex, StorageView } from './storage.js'
import { EXTRINSIC_INDEX } from './storage-keys.js'

export type Adjustment = (state: StorageView) => StorageChanges

export interface BlockInput {
  readonly number: number
  readonly parentHash: StorageHex
  /** Milliseconds since 1970. */
  readonly time: number
  readonly slotMs: number
  readonly extrinsics: readonly StorageHex[]
  /** What to change once the block has begun (the epoch is over then), before its extrinsics. */
  readonly adjust: Adjustment | null
}

export interface BuiltBlock {
  readonly header: Header
  /** The timestamp first, then what was applied. */
  readonly extrinsics: readonly StorageHex[]
  /** What the runtime would not apply: it is in no block. */
  readonly rejected: readonly StorageHex[]
}

type Call = readonly [name: string, argument: StorageHex]

/** `timestamp.set` of this runtime: pallet 2, call 0, unsigned. */
const TIMESTAMP_SET = '040200'

/**
 * Makes a block on what the history holds at its number, and writes there what it changed.
 * @throws RuntimeTrap when the runtime panics; the history then holds a part of the block
 */
export async function buildBlock(
  executor: RuntimeExecutor,
  history: StorageHistory,
  input: BlockInput,
): Promise<BuiltBlock> {
  const { number, extrinsics } = input
  const run = async (calls: readonly Call[]): Promise<CallResult> => {
    const result = await executor.run(calls, history.at(number))
    history.write(number, result.changes)
    return result
  }
  const timestamp: StorageHex = `0x${sized(TIMESTAMP_SET + compact(input.time))}`
  const initialize: Call = ['Core_initialize_block', encodeHeader(emptyHeader(input))]
  const beginning = [initialize, apply(timestamp)]
  if (input.adjust !== null) {
    await run(beginning.splice(0, 1))
    history.write(number, input.adjust(history.at(number)))
  }
  const end: Call = ['BlockBuilder_finalize_block', '0x']
  const finish = ({ result }: CallResult, applied: readonly StorageHex[]): BuiltBlock => ({
    header: { ...decodeHeader(result), stateRoot: ZERO_HASH },
    extrinsics: [timestamp, ...applied],
    rejected: extrinsics.filter((each) => !applied.includes(each)),
  })
  if (extrinsics.length === 0) return finish(await run([...beginning, end]), [])

  // Nearly always all of them apply: tried in one call, because starting the runtime is what takes long.
  const all = await executor
    .run([...beginning, ...extrinsics.map(apply)], history.at(number))
    .catch((error: unknown) => {
      if (error instanceof RuntimeTrap) return null
      throw error
    })
  if (all !== null && countApplied(all) === extrinsics.length + 1) {
    history.write(number, all.changes)
    return finish(await run([end]), extrinsics)
  }
  await run(beginning)
  const applied: StorageHex[] = []
  for (const extrinsic of extrinsics) {
    if (await applyAlone(executor, history, number, extrinsic)) applied.push(extrinsic)
  }
  return finish(await run([end]), applied)
}

function apply(extrinsic: StorageHex): Call {
  return ['BlockBuilder_apply_extrinsic', extrinsic]
}

/** False, and nothing written, when the runtime refuses it. */
async function applyAlone(
  executor: RuntimeExecutor,
  history: StorageHistory,
  number: number,
  extrinsic: StorageHex,
): Promise<boolean> {
  try {
    const { result, changes } = await executor.run([apply(extrinsic)], history.at(number))
    const isRefused = new ScaleReader(result).byte() !== 0
    if (!isRefused) history.write(number, changes)
    return !isRefused
  } catch (error) {
    if (error instanceof RuntimeTrap) return false
    throw error
  }
}

/** The runtime counts what it applied under `:extrinsic_index`; what it refuses it does not count. */
function countApplied({ changes }: CallResult): number {
  const index = changes.findLast(([key]) => key === EXTRINSIC_INDEX)?.[1]
  return index ? Number(new ScaleReader(index).int(4)) : 0
}

function emptyHeader({ number, parentHash, time, slotMs }: BlockInput): Header {
  const logs = [auraDigest(Math.floor(time / slotMs))]
  return { parentHash, number, stateRoot: ZERO_HASH, extrinsicsRoot: ZERO_HASH, logs }
}
