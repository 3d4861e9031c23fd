import { randomInt } from 'node:crypto'
import type { Generated, Generator } from '../../engine/pipeline/generator.js'
import { completeParams, type PartialParams } from '../../engine/pipeline/params.js'
import { encodeVideo } from '../../engine/video/video-file.js'
import { shortClass } from '../../formats/determinism-class.js'
import { type GenerationParams, SEED_MAX } from '../../formats/generation.js'
import { printJson, printLine } from '../output.js'
import { generateFrames } from '../recompute/generate-frames.js'
import { withEngine } from '../recompute/with-engine.js'
import { planOutFile } from './out-file.js'

export interface GenerateRequest {
  /** Without a seed one is drawn. */
  readonly partial: Omit<PartialParams, 'seed'> & { seed: number | undefined }
  readonly modelDir: unknown
  readonly device: unknown
  readonly out: string
  readonly json: boolean
}

/** Generates one video in this process and writes it; `--json` prints what can be compared. */
export async function generateToFile(request: GenerateRequest): Promise<void> {
  const out = await planOutFile(request.out)
  const seed = request.partial.seed ?? randomInt(SEED_MAX + 1)
  const given = { device: request.device, 'model.dir': request.modelDir }
  await withEngine(given, async (engine, signal) => {
    const params = completeParams({ ...request.partial, seed }, engine.descriptor)
    const { made, frames } = await generateFrames(engine, params, signal)
    const { width, height, fps } = params
    await out.write(await encodeVideo(out.format, { frames, width, height, fps }))
    report(request, engine, params, made)
  })
}

function report(
  { out, json, partial }: GenerateRequest,
  generator: Generator,
  params: GenerationParams,
  generated: Generated,
): void {
  const { timings, warnings } = generated
  if (json) {
    printJson({
      out,
      model: generator.descriptor?.name ?? null,
      model_root: generator.modelRoot,
      determinism_class: generator.determinismClass,
      seed: params.seed,
      steps: params.steps,
      guidance_scale: params.guidanceMilli / 1000,
      width: params.width,
      height: params.height,
      num_frames: params.frames,
      fps: params.fps,
      frames_sha256: generated.framesSha256,
      trace_root: generated.traceRoot,
      warnings,
      timings,
    })
    return
  }
  const { frames, width, height, fps, seed } = params
  printLine(`${out}: ${frames} frames of ${width}x${height} at ${fps} fps`)
  printLine(`seed     ${seed}${partial.seed === undefined ? ' (random: none was given)' : ''}`)
  printLine(`frames   ${generated.framesSha256}`)
  printLine(`class    ${shortClass(generator.determinismClass)}`)
  printLine(`time     ${(timings.total_us / 1e6).toFixed(2)} s`)
  if (warnings.includes('prompt_truncated')) {
    printLine('warning  the prompt is longer than the model reads; its end was ignored')
  }
}
