import { z } from 'zod'
import { option, port, text } from '../define-option.js'

/** Generating. */
export const ENGINE = {
  'neuron.name': option(text, 'prover', 'name of this node in its logs and its state folder'),
  'neuron.model_endpoint': option(
    text,
    undefined,
    'model servers in place of GPUs of this machine: http://HOST:PORT, several by commas (docs/model-server.md)',
  ),
  'model_server.host': option(
    text,
    '127.0.0.1',
    'address that a model server listens on; it knows no callers: keep strangers away from it',
  ),
  'model_server.port': option(port, 5005, 'port that a model server listens on'),
  'model.dir': option(text, undefined, 'model folder (default: the model that is shipped)'),
  device: option(z.enum(['cuda', 'cpu']), 'cuda', 'cuda (an RTX 3090), or cpu (for development)'),
}
