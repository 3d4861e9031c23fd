import { FractalError } from '../../base/errors.js'
import type { Chain, Metagraph } from '../../chain/chain.js'
import { maxUpscale } from '../../chain/max-upscale.js'
import { weightInput } from '../../rules/audit/audit-settlement.js'
import { differs, type Finding } from '../../rules/audit/finding.js'
import { judgedNeurons } from '../../rules/plan/judged-neurons.js'
import type { PublicRecord } from '../../rules/record/public-record.js'
import { profileOf } from '../../rules/record/settlement-input.js'
import { weightVector } from '../../rules/settle/weights.js'
import type { SignedRecord } from './signed-record.js'

/** What the chain says of a record. */
export interface ChainCheck {
  readonly findings: Finding[]
  /** What of it was compared, or could not be; for people. */
  readonly notes: string[]
}

/** Weights of a verifier that a block shows, and that follow from its record: pairs of uid and u16. */
export interface ShownWeights {
  readonly block: number
  readonly pairs: readonly (readonly [number, number])[]
}

/**
 * Compares a record with the chain: its network, its first block, who was there to be judged, and the weights.
 * @param options.before the newest weights of an earlier record that a block shows; null where none is known
 * @param options.weightsOnly nothing but the network and the weights
 * @throws ChainError
 */
export async function checkChain(
  chain: Chain,
  signed: SignedRecord,
  { before, weightsOnly }: { before: ShownWeights | null; weightsOnly: boolean },
): Promise<ChainCheck & { shown: ShownWeights | null }> {
  const { record } = signed.read
  const [network] = differs('genesis_hash', record.genesisHash, chain.genesisHash)
  if (network !== undefined) {
    const what = `${network.what}: it is another network’s`
    return { findings: [{ ...network, what }], notes: [], shown: null }
  }
  const opening = weightsOnly ? NOTHING : await checkOpening(chain, record)
  const weights = await checkWeights(chain, signed)
  const between =
    weights.shown !== null || before === null ? [] : await overwritten(chain, record, before)
  return {
    findings: [...opening.findings, ...weights.findings, ...between],
    notes: [...opening.notes, ...weights.notes],
    shown: weights.shown,
  }
}

/** What is said where the chain has what follows. */
export function storedNote(block: number): string {
  return `the chain stores its weights in block ${block}`
}

const NOTHING: ChainCheck = { findings: [], notes: [] }

/**
 * Whether a verifier that says to have set no weights has set some: at the last block of the interval after, those
 * of an earlier record stand, or somebody has set others since.
 */
async function overwritten(
  chain: Chain,
  { netuid, verifier, firstBlock, length }: PublicRecord,
  before: ShownWeights,
): Promise<Finding[]> {
  const number = firstBlock + 2 * length - 1
  if (number <= before.block || number > (await chain.finalized()).number) return []
  const block = await kept(() => chain.blockAt(number))
  if (block === null) return []
  const metagraph = await kept(() => chain.metagraph(netuid, block))
  const me = metagraph?.neurons.find(({ hotkey }) => hotkey === verifier)
  if (me === undefined || me.lastUpdate <= before.block) return []
  const stored = await chain.weights(netuid, me.uid, block)
  return JSON.stringify(stored) === JSON.stringify(before.pairs)
    ? []
    : [
        {
          where: `weights on the chain in block ${number}`,
          what: `were set in block ${me.lastUpdate}, although the record says that none were, and no record says what they follow from`,
        },
      ]
}

/** Who could be judged when the interval began: all of them, and nobody else. */
async function checkOpening(chain: Chain, record: PublicRecord): Promise<ChainCheck> {
  const { firstBlock, firstBlockHash, netuid, verifier, profile, plan } = record
  if (firstBlockHash === null || profile === null) return { findings: [], notes: [] }
  const block = await kept(() => chain.blockAt(firstBlock))
  if (block === null) return gone(`block ${firstBlock}, the interval’s first`)
  const hash = differs('first_block_hash', firstBlockHash, block.hash)
  if (hash.length > 0) return { findings: hash, notes: [] }
  const metagraph = await kept(() => chain.metagraph(netuid, block))
  if (metagraph === null) return gone(`the state of block ${firstBlock}, the interval’s first`)
  const there = judgedNeurons(metagraph.neurons, verifier, profileOf(profile))
  const keyOf = (row: { hotkey: string; registeredBlock: number; uid: number }) =>
    `${row.uid} ${row.hotkey}@${row.registeredBlock}`
  const told = new Set(record.opening.map(keyOf))
  const found = new Set(there.map(keyOf))
  const addressed = new Set((plan?.provers ?? []).flatMap((p) => (p.hasAddress ? [p.hotkey] : [])))
  return {
    findings: [
      ...there
        .filter((row) => !told.has(keyOf(row)))
        .map(({ hotkey }) => ({
          where: 'opening',
          what: `leaves out ${hotkey}, which the chain has at block ${firstBlock}`,
        })),
      ...record.opening
        .filter((row) => !found.has(keyOf(row)))
        .map(({ hotkey }) => ({
          where: 'opening',
          what: `has ${hotkey}, which the chain does not have to be judged at block ${firstBlock}`,
        })),
      ...there
        .filter(({ hotkey }) => told.size > 0 && plan !== null && !addressed.has(hotkey))
        .map(({ hotkey }) => ({
          where: `plan.provers ${hotkey}`,
          what: `is said to have no address, but the chain has one at block ${firstBlock}`,
        })),
    ],
    notes: [],
  }
}

/** The vector that follows from the scores, and the one that the chain stores. */
async function checkWeights(
  chain: Chain,
  signed: SignedRecord,
): Promise<ChainCheck & { shown: ShownWeights | null }> {
  const { record } = signed.read
  const { kind, sent_block: sentBlock, included_block: includedBlock } = signed.published
  const { settlement, netuid, verifier } = record
  if (settlement === null) {
    return { findings: [], notes: ['it lapsed, so it set no weights'], shown: null }
  }
  if (kind !== 'weights' || sentBlock === null || includedBlock === null) {
    return { findings: [], notes: [`it says to have set no weights (${kind})`], shown: null }
  }
  const wrong = await wrongBlocks(chain, record, { sentBlock, includedBlock })
  if (wrong !== null) {
    return { findings: [{ where: 'published', what: wrong }], notes: [], shown: null }
  }
  const sent = await facts(chain, netuid, sentBlock)
  const vector = weightVector(
    weightInput(settlement, {
      neurons: sent.metagraph.neurons.map(({ hotkey }) => hotkey),
      ownUid: uidOf(sent.metagraph, verifier),
      minAllowed: sent.params.minAllowedWeights,
      maxWeightLimit: sent.params.maxWeightLimit,
    }),
  )
  const follows: [number, number][] =
    vector.kind === 'weights'
      ? maxUpscale(vector.values).map((value, i) => [vector.uids[i]!, value])
      : []
  const block = await chain.blockAt(includedBlock)
  const own = uidOf(await chain.metagraph(netuid, block), verifier)
  if (own === null) {
    return {
      findings: [{ where: 'verifier', what: `has no uid on the chain at block ${includedBlock}` }],
      notes: [],
      shown: null,
    }
  }
  const stored = await chain.weights(netuid, own, block)
  const where = `weights on the chain in block ${includedBlock}`
  if (stored.length === 0 || JSON.stringify(stored) !== JSON.stringify(follows)) {
    const [finding] = differs(where, stored, follows)
    const what = 'are none, and none follow: nothing can have been set'
    return { findings: [finding ?? { where, what }], notes: [], shown: null }
  }
  return {
    findings: [],
    notes: [storedNote(includedBlock)],
    shown: { block: includedBlock, pairs: follows },
  }
}

/** Nobody signed the blocks that are told with a record: asked for as they are, a node might never answer. */
async function wrongBlocks(
  chain: Chain,
  { firstBlock, length }: PublicRecord,
  { sentBlock, includedBlock }: { sentBlock: number; includedBlock: number },
): Promise<string | null> {
  const last = firstBlock + length - 1
  if (sentBlock < last || includedBlock < sentBlock) {
    return `says that weights of block ${sentBlock} are shown by block ${includedBlock}, but the interval’s last block is ${last}`
  }
  const { number } = await chain.finalized()
  if (includedBlock <= number) return null
  return `says that block ${includedBlock} shows the weights, but the last final block is ${number}`
}

async function facts(chain: Chain, netuid: number, number: number) {
  const block = await chain.blockAt(number)
  return {
    metagraph: await chain.metagraph(netuid, block),
    params: await chain.subnetParams(netuid, block),
  }
}

function uidOf({ neurons }: Metagraph, hotkey: string): number | null {
  return neurons.find((neuron) => neuron.hotkey === hotkey)?.uid ?? null
}

/** Null where the node no longer keeps it. */
async function kept<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof FractalError && error.code === 'StateDiscarded') return null
    throw error
  }
}

function gone(what: string): ChainCheck {
  return {
    findings: [],
    notes: [`who was there was not compared: the node no longer keeps ${what}`],
  }
}
