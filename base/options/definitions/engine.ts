import { z } from 'zod'
import { option, text } from '../define-option.js'

/** Generating. */
export const ENGINE = {
  'neuron.name': option(text, 'prover', 'name of this node in its logs and its state folder'),
  'neuron.model_endpoint': option(
    text,
    undefined,
    'model server that speaks the engine protocol, including states and digests',
  ),
  'model.dir': option(text, undefined, 'model folder (default: the model that is shipped)'),
  device: option(z.enum(['cuda', 'cpu']), 'cuda', 'cuda (an RTX 3090), or cpu (for development)'),
}
