import { z } from 'zod'
import { option, port, text } from '../define-option.js'

/** Generating videos. */
export const ENGINE = {
  'neuron.name': option(text, 'prover', 'name of this node in its logs and its state folder'),
  'neuron.model_endpoint': option(
    text,
    undefined,
    'model servers to use instead of this machine’s GPUs: http://HOST:PORT, comma-separated (docs/model-server.md)',
  ),
  'model_server.host': option(
    text,
    '127.0.0.1',
    'address that a model server listens on; it does not authenticate callers: keep strangers away from it',
  ),
  'model_server.port': option(port, 5005, 'port that a model server listens on'),
  'model.dir': option(text, undefined, 'model folder (default: the bundled model)'),
  device: option(z.enum(['cuda', 'cpu']), 'cuda', 'cuda (an RTX 3090), or cpu (for development)'),
}
