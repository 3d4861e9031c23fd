import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import type { Generated, GenerationHooks, Generator } from '../../engine/pipeline/generator.js'
import { completeParams, type PartialParams } from '../../engine/pipeline/params.js'
import type { GenerationParams } from '../../formats/generation.js'

function fixture(path: string): string {
  return fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))
}

/** Random weights, other sizes than the embedded model; takes two seconds to open. */
export const RANDOM_MODEL = fixture('random-model/model')

/** The same with a denoiser that opens and runs in milliseconds; nobody else made videos with it. */
export const TINY_MODEL = fixture('tiny-model/model')

/** Of Wan's architecture: tiny, random weights. */
export const WAN_MODEL = fixture('wan-model/model')

/** The random model's text encoder, its weights in a file beside it. */
export const EXTERNAL_DATA = fixture('external-data')

/** A video that diffusers made on a CPU in fp32. */
export interface GoldenCase {
  params: GenerationParams
  inputIds: number[]
  initialLatentsSha256: string
  rgb: Uint8Array
}

interface RawCase {
  prompt: string
  negative_prompt: string | null
  seed: number
  num_inference_steps: number
  num_frames: number
  height: number
  width: number
  guidance_scale: number
  input_ids: number[]
  cleaned_prompt?: string
  first_latents_after_each_step?: number[][]
  initial_latents_sha256: string
  frames_file: string
}

type GoldenFolder = 'random-model/golden' | 'trained-golden' | 'wan-model/golden'

function rawCases(folder: GoldenFolder): RawCase[] {
  return JSON.parse(readFileSync(fixture(`${folder}/cases.json`), 'utf8'))
}

/** What diffusers says besides of each case of the Wan model. */
export function wanGolden() {
  const raw = rawCases('wan-model/golden')
  return goldenCases('wan-model/golden').map((one, i) => ({
    ...one,
    cleaned: raw[i]!.cleaned_prompt!,
    /** The first four after each step. */
    latents: raw[i]!.first_latents_after_each_step!,
  }))
}

/** What Python makes of prompts, dirty ones above all. */
export function promptCases(): {
  text: string
  cleaned: string
  ids: number[]
  with_bytes: number[]
  of_2023: number[]
  of_2024: number[]
}[] {
  return JSON.parse(readFileSync(fixture('wan-prompts/prompts.json'), 'utf8'))
}

export function goldenCases(folder: GoldenFolder): GoldenCase[] {
  return rawCases(folder).map((one) => ({
    params: {
      prompt: one.prompt,
      negativePrompt: one.negative_prompt ?? '',
      seed: one.seed,
      steps: one.num_inference_steps,
      guidanceMilli: one.guidance_scale * 1000,
      width: one.width,
      height: one.height,
      frames: one.num_frames,
      fps: 8,
    },
    inputIds: one.input_ids,
    initialLatentsSha256: one.initial_latents_sha256,
    rgb: inflateSync(readFileSync(fixture(`${folder}/${one.frames_file}`))),
  }))
}

/** A small request: two steps, two frames of 16×16. */
export function smallParams(generator: Generator, partial: Partial<PartialParams> = {}) {
  return completeParams(
    { prompt: 'a red boat', seed: 1, steps: 2, frames: 2, width: 16, height: 16, ...partial },
    generator.descriptor,
  )
}

export async function generateFrames(
  generator: Generator,
  params: GenerationParams,
  hooks: GenerationHooks = {},
): Promise<Generated & { frames: Uint8Array[] }> {
  const frames: Uint8Array[] = []
  const generated = await generator.generate(params, {
    ...hooks,
    onFrame: (_, rgb) => void frames.push(rgb),
  })
  return { ...generated, frames }
}
