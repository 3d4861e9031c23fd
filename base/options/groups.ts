import { CHAIN, WALLET } from './definitions/chain.js'
import { DATABASE } from './definitions/database.js'
import { TEMPORAL } from './definitions/temporal.js'

/** Names of options that several roles share. */
export const CHAIN_OPTIONS = namesOf(CHAIN)

export const WALLET_OPTIONS = namesOf(WALLET)

export const DATABASE_OPTIONS = namesOf(DATABASE)

export const TEMPORAL_OPTIONS = namesOf(TEMPORAL)

function namesOf<T extends object>(definitions: T): readonly (keyof T)[] {
  return Object.keys(definitions) as (keyof T)[]
}
