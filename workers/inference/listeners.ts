import type { InferenceListeners } from '../../api/deps.js'
import { FractalError } from '../../base/errors.js'
import type { Options } from '../../base/options/options.js'

/**
 * Where an API finds inference workers that run jobs immediately; null where none is named.
 * @throws FractalError `bad_option` for addresses without the secret
 */
export function inferenceListeners(
  options: Options<'inference.url' | 'inference.secret'>,
): InferenceListeners | null {
  const urls = options['inference.url']
  if (urls === undefined) return null
  const secret = options['inference.secret']
  if (secret === undefined) throw noSecret('--inference.url')
  return { urls: urls.split(',').map((url) => url.trim()), secret }
}

/**
 * The secret that a listener is guarded by: without one, anyone who reaches the port could spend our
 * hotkey's requests.
 */
export function listenerSecret(options: Options<'inference.secret'>): string {
  const secret = options['inference.secret']
  if (secret === undefined) throw noSecret('--inference.port')
  return secret
}

function noSecret(option: string): FractalError {
  return new FractalError('bad_option', `${option} needs --inference.secret`, {
    hint: 'Give the API and the inference workers the same secret of at least 16 characters, by the environment.',
  })
}
