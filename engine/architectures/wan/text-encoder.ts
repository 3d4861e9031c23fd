import type { RunnableNetwork } from '../../runtime/networks.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { TextEncoder, Tokenizer } from '../architecture.js'
import { cleanPrompt } from './clean-prompt.js'

/** Padding is masked, and its rows are set to zero for the denoiser, which reads all rows. */
export function wanTextEncoder(
  { Tensor }: Runtime,
  network: RunnableNetwork,
  tokenizer: Tokenizer,
): TextEncoder {
  return {
    async encode(text) {
      const { ids, used, truncated } = tokenizer.encode(cleanPrompt(text))
      const mask = new BigInt64Array(ids.length).fill(1n, 0, used)
      const embedding = await network.run({
        input_ids: new Tensor('int64', ids, [1, ids.length]),
        attention_mask: new Tensor('int64', mask, [1, ids.length]),
      })
      const width = embedding.length / ids.length
      return { embedding: embedding.slice().fill(0, used * width), truncated }
    },
  }
}
