import { ERROR_CODES } from '../wire/schemas.js'

/** `gave_way`: it gave way to a caller with a permit. */
const GENERATION_ENDS = ['done', ...ERROR_CODES, 'gave_way'] as const

/** How a generation ended. */
export type GenerationEnd = (typeof GENERATION_ENDS)[number]

/** What became of a request to generate: how it ended, or why nothing was generated for it. */
export const REQUEST_OUTCOMES = [
  ...GENERATION_ENDS,
  'invalid',
  'cannot_keep',
  'class_changed',
  'stopping',
  'conflict',
  'full',
  'kept',
  'attached',
] as const

/** What became of a request to open an answer. */
export const OPENING_OUTCOMES = [
  'opened',
  'invalid_request',
  'unknown_request',
  'too_late',
  'states_gone',
  'opened_twice',
] as const

export type OpeningOutcome = (typeof OPENING_OUTCOMES)[number]

/** What a prover found that looked at its own class again. */
export const CLASS_CHECK_OUTCOMES = ['same', 'changed', 'failed', 'gave_way'] as const

export type ClassCheckOutcome = (typeof CLASS_CHECK_OUTCOMES)[number]
