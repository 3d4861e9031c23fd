import { isCommit, type WeightExtrinsicRow } from '../../ledger/intervals/weight-extrinsics.js'
import type { WeightSetRow } from '../../ledger/intervals/weights.js'

/** What became of an interval's weights, in one line. */
export function describeWeights(
  set: WeightSetRow,
  extrinsics: readonly WeightExtrinsicRow[],
): string {
  const { kind, reason, commitBlock, includedBlock } = set
  if (kind !== 'weights') {
    const unrevealed =
      commitBlock === null ? '' : `; its commit in block ${commitBlock} stays unrevealed`
    return `${reason === null ? kind : `${kind}: ${reason}`}${unrevealed}${changedText(set)}`
  }
  const shown = extrinsics.findLast(({ step, result }) => step !== 'commit' && result === 'ok')
  const how = howShown(shown, commitBlock, includedBlock)
  const commits = extrinsics.filter((sent) => isCommit(sent) && sent.result === 'ok')
  const lost = shown === undefined || shown.step === 'set' ? commits.length : commits.length - 1
  const lostText =
    lost === 0
      ? ''
      : `, after ${lost} commit${lost === 1 ? '' : 's'} that ${lost === 1 ? 'was' : 'were'} not revealed`
  return `${how} for ${set.uids.length} provers${lostText}${changedText(set)}${readBackText(set)}`
}

function howShown(
  shown: WeightExtrinsicRow | undefined,
  commitBlock: number | null,
  includedBlock: number | null,
): string {
  switch (shown?.step) {
    case 'reveal':
      return `committed in block ${commitBlock}, revealed in block ${includedBlock}`
    case 'timelock':
      return `committed in block ${commitBlock}, revealed by the chain in block ${includedBlock}`
    default:
      return `set in block ${includedBlock}`
  }
}

function changedText({ changedUids }: WeightSetRow): string {
  if (changedUids.length === 0) return ''
  const uids = changedUids.length === 1 ? 'uid' : 'uids'
  return `; ${uids} ${changedUids.join(', ')} had another hotkey when the reveal was due`
}

function readBackText({ readBackOk }: WeightSetRow): string {
  switch (readBackOk) {
    case true:
      return ''
    case false:
      return ', but the chain stores other values'
    case null:
      return '; the state of that block is no longer kept, so they were not read back'
  }
}
