import { FractalError } from '../base/errors.js'

/**
 * The addresses of `--neuron.model_endpoint`; undefined without it.
 * @throws FractalError `bad_option`
 */
export function modelEndpoints(given: string | undefined): string[] | undefined {
  const urls = given?.split(',').map((url) => url.trim())
  const wrong = urls?.find((url) => !URL.canParse(url) || new URL(url).protocol !== 'http:')
  if (wrong === undefined) return urls
  throw new FractalError('bad_option', `--neuron.model_endpoint: ${wrong} is no http://HOST:PORT`, {
    hint: 'Name the address of a fractal model-server; several are separated by commas.',
  })
}
