import type { MoveReason } from './settlement.js'

/** Each reason of a move with the line that people are shown. */
export const MOVE_REASONS: Readonly<Record<MoveReason, string>> = {
  promoted:
    'promoted: both rates, the minimum of total successes and the passed validations of the higher tier were met',
  fast_return:
    'back to Challenger: it had fallen for downtime only, and met Challenger’s rates again',
  cheat: 'relegated: one of its answers was found to be a cheat',
  rate_missed: 'relegated: a success rate of its tier was missed',
  downtime:
    'relegated for downtime: a rate was missed, and every failure was no answer or no connection',
  refusals:
    'relegated: it refused more than half of what it was offered in three intervals in a row',
}
