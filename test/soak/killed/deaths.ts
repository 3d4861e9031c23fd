import type { Death } from './killed-verifier.js'

/** Between each two steps of each way in which weights can be set. */

export const OPEN: readonly Death[] = [
  'stored set',
  'before sending',
  'after sending',
  'ended set',
  'confirmed',
]

export const REVEALED: readonly Death[] = [
  'stored commit',
  'before sending',
  'after sending',
  'ended commit',
  'stored reveal',
  'before sending',
  'after sending',
  'ended reveal',
  'confirmed',
]

export const TIMELOCKED: readonly Death[] = [
  'stored timelock',
  'before sending',
  'after sending',
  'ended timelock',
  'shown',
  'confirmed',
]
