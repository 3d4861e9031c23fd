import type { RunnableNetwork } from '../../runtime/networks.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { TextEncoder, Tokenizer } from '../architecture.js'

/** Padding is encoded like any other token. */
export function msTextEncoder(
  { Tensor }: Runtime,
  network: RunnableNetwork,
  tokenizer: Tokenizer,
): TextEncoder {
  return {
    async encode(text) {
      const { ids, truncated } = tokenizer.encode(text)
      const embedding = await network.run({
        input_ids: new Tensor('int64', ids, [1, ids.length]),
      })
      return { embedding, truncated }
    },
  }
}
