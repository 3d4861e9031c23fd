import type { Call } from '../../chain/local/extrinsic.js'
import { commitWeights } from './commit-weights.js'
import type { DispatchContext, Dispatched } from './dispatched.js'
import { revealWeights } from './reveal-weights.js'
import { serveAxon } from './serve-axon.js'
import { setWeights } from './set-weights.js'
import type { ChainState } from './state.js'
import { commitTimelocked } from './timelock.js'

export function dispatch(state: ChainState, call: Call, context: DispatchContext): Dispatched {
  switch (call.name) {
    case 'set_weights':
      return setWeights(state, call, context)
    case 'commit_weights':
      return commitWeights(state, call, context)
    case 'commit_timelocked_weights':
      return commitTimelocked(state, call, context)
    case 'reveal_weights':
      return revealWeights(state, call, context)
    case 'serve_axon':
      return serveAxon(state, call, context)
  }
}
