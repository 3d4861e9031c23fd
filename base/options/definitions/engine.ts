import { z } from 'zod'
import { option, text } from '../define-option.js'

/** Generating. */
export const ENGINE = {
  'neuron.name': option(text, 'prover', 'name of this node in its logs and its folder of states'),
  'neuron.model_endpoint': option(
    text,
    undefined,
    'a model server that speaks the engine protocol, states and digests included',
  ),
  'model.dir': option(text, undefined, 'folder of the model (default: the one that is shipped)'),
  device: option(z.enum(['cuda', 'cpu']), 'cuda', 'cuda (an RTX 3090), or cpu for development'),
}
