import { type Finding, finding } from './finding.js'
import { readBody } from './request-body.js'

/** What a person asked for; the seed is null if the network was to draw it. */
export interface Asked {
  readonly prompt: string
  readonly negativePrompt: string
  readonly seed: number | null
  readonly model: string
  readonly steps: number
  readonly guidance: number
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly fps: number
}

/** Checks that the request that the prover received is the one that the person asked for. */
export function compareAsked(text: string, asked: Asked): Finding[] {
  const body = readBody(text)
  const given = body?.sampling_params ?? {}
  const sameTexts =
    body?.query === asked.prompt && body.private_input?.negative_prompt === asked.negativePrompt
  const settings: [string, unknown, unknown][] = [
    ['model', body?.model, asked.model],
    ['steps', given.num_inference_steps, asked.steps],
    ['guidance', given.guidance_scale, asked.guidance],
    ['width', given.width, asked.width],
    ['height', given.height, asked.height],
    ['frames', given.num_frames, asked.frames],
    ['frames per second', given.fps, asked.fps],
  ]
  const other = settings.filter(([, has, wants]) => has !== wants).map(([name]) => name)
  return [
    finding(
      'prompt',
      'It was asked for your prompt',
      sameTexts,
      'Prompt and negative prompt are yours, to the letter.',
      'The request has a different prompt or negative prompt from yours.',
    ),
    finding(
      'seed',
      'With the right seed',
      asked.seed === null ? isSeed(given.seed) : given.seed === asked.seed,
      asked.seed === null
        ? `You left it open; the network drew ${String(given.seed)}.`
        : `It is ${String(given.seed)}, as asked.`,
      asked.seed === null
        ? 'The request has no seed.'
        : `The request has ${String(given.seed)}, not ${asked.seed}.`,
    ),
    finding(
      'settings',
      'And your settings',
      other.length === 0,
      'Model, steps, guidance, size, frames and rate are the ones asked for.',
      `The request differs in ${other.join(', ')}.`,
    ),
  ]
}

function isSeed(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff
}
