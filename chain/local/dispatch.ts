import type { Call } from './extrinsic.js'
import { serveAxon } from './serve-axon.js'
import { setWeights } from './set-weights.js'
import type { ChainState } from './state.js'

export interface DispatchContext {
  /** The block that includes the call. */
  block: number
  hotkey: string
  allowLoopback: boolean
}

/** A new state, or the chain's name of what is wrong; then nothing changed. */
export type Dispatched = { state: ChainState } | { error: string }

export function dispatch(state: ChainState, call: Call, context: DispatchContext): Dispatched {
  switch (call.name) {
    case 'set_weights':
      return setWeights(state, call, context)
    case 'serve_axon':
      return serveAxon(state, call, context)
  }
}
