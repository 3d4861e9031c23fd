import type { IntervalOverviewRow } from '../../ledger/intervals/interval-views.js'
import { missedText } from '../../rules/explain/missed-causes.js'

type Line = Pick<
  IntervalOverviewRow,
  | 'phase'
  | 'failure'
  | 'missedBecause'
  | 'checks'
  | 'passes'
  | 'cheats'
  | 'moves'
  | 'weightsKind'
  | 'weightsState'
>

/**
 * An interval's phase and what came of it, in a sentence.
 * @param shown whether what it found may be told
 */
export function intervalOutcome(line: Line, shown: boolean): string {
  if (line.failure !== null && line.phase !== 'settled') return `failed: ${line.failure}`
  switch (line.phase) {
    case 'announced':
      return 'announced: its first block is not final yet'
    case 'open':
      return 'open: the provers are recorded, the plan is drawn'
    case 'rounds':
      return 'provers are challenged at secret moments'
    case 'audit':
      return 'its last block has passed: some answers are recomputed'
    case 'settling':
      return 'rates, scores and moves are being settled'
    case 'settled':
      return shown
        ? `settled: ${checked(line)}, ${counted(line.moves, 'move')}; ${weights(line)}`
        : `settled: what it found is told when its weights are in the open on the chain; ${weights(line)}`
    case 'lapsed':
      return 'lapsed: it was not settled in time and changes no score, tier or weight'
    case 'missed':
      return `missed: ${missedText(line.missedBecause)}`
  }
}

function checked({ checks, passes, cheats }: Line): string {
  if (checks === 0) return 'nothing was checked'
  return `${passes} of ${counted(checks, 'check')} passed, ${counted(cheats, 'cheat')} found`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function weights({ weightsKind, weightsState }: Line): string {
  switch (weightsKind) {
    case null:
      return 'weights are not decided yet'
    case 'weights':
      if (weightsState === 'confirmed' || weightsState === 'included') {
        return 'weights are on the chain'
      }
      return weightsState === 'committed' || weightsState === 'revealing'
        ? 'weights are committed and hidden until they are revealed'
        : 'weights are being sent'
    case 'none':
      return 'no weights: nobody has a score'
    case 'infeasible':
      return 'no weights: the subnet’s bounds could not be met'
    case 'disabled':
      return 'no weights: disabled by option'
    case 'superseded':
      return 'no weights: superseded by a later interval'
    case 'lapsed':
      return 'no weights: the interval lapsed'
  }
}
