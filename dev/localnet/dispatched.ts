import type { ChainState } from './state.js'

export interface DispatchContext {
  /** The block that includes the call. */
  block: number
  hotkey: string
  allowLoopback: boolean
}

/** A new state, or the chain's name of what is wrong; then nothing changed. */
export type Dispatched = { state: ChainState } | { error: string }
