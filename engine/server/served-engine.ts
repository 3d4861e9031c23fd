import { fromHex, type Hex, toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import { EngineError } from '../errors.js'
import { digestOf } from '../pipeline/digest.js'
import type { Generated, GenerationHooks } from '../pipeline/generator.js'
import type { Dialogue, Opened } from '../thread/dialogue.js'
import { RemoteEngine } from '../thread/remote-engine.js'

/**
 * An engine on a model server. What arrives must have the digests that the server reports: a prover signs these,
 * and an answer whose bytes differ from what it signed is its own fault.
 */
export class ServedEngine extends RemoteEngine {
  readonly #url: string

  constructor(url: string, dialogue: Dialogue, device: 'cpu' | 'cuda', opened: Opened) {
    super(dialogue, device, opened)
    this.#url = url
  }

  /** @throws EngineError `server_untrue`, and those of any engine */
  override async generate(
    params: GenerationParams,
    hooks: GenerationHooks = {},
  ): Promise<Generated> {
    const { onFrame, onState } = hooks
    const frames: Uint8Array[] = []
    const states: Uint8Array[] = []
    const generated = await super.generate(params, {
      ...hooks,
      ...(onFrame && {
        onFrame: (index, rgb) => {
          this.#assertNext('frame', index, frames.push(digestOf(rgb)))
          return onFrame(index, rgb)
        },
      }),
      ...(onState && {
        onState: (i, tensors) => {
          this.#assertNext('state', i, states.push(digestOf(...tensors)) - 1)
          return onState(i, tensors)
        },
      }),
    })
    const { stepDigests, frameDigests } = generated
    const said = [stepDigests, frameDigests].map((digests) => digests.map(fromHex))
    const isWhole =
      (!onFrame || areSame(frames, frameDigests)) &&
      (!onState || areSame(states, stepDigests)) &&
      stepDigests.length === params.steps + 1 &&
      frameDigests.length === params.frames &&
      framesSha256(params, said[1]!) === generated.framesSha256 &&
      traceRoot(said[0]!, said[1]!) === generated.traceRoot
    if (!isWhole) throw this.untrue('its frames or states do not have the digests that it reports')
    return generated
  }

  untrue(why: string): EngineError {
    return new EngineError(
      'server_untrue',
      `The model server at ${this.#url} does not compute what it claims: ${why}.`,
      {
        hint: 'Look at its model folder and its GPU (fractal doctor --certify there), then start it again.',
      },
    )
  }

  #assertNext(what: string, index: number, expected: number): void {
    if (index !== expected) throw this.untrue(`it sends ${what} ${index} in place of ${expected}`)
  }
}

function areSame(found: readonly Uint8Array[], said: readonly Hex[]): boolean {
  return found.length === said.length && found.every((digest, i) => toHex(digest) === said[i])
}
