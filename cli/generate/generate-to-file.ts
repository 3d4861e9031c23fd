import { randomInt } from 'node:crypto'
import { resolveOptions } from '../../base/options/options.js'
import { openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { Generated, Generator } from '../../engine/pipeline/generator.js'
import { completeParams, type PartialParams } from '../../engine/pipeline/params.js'
import { encodeVideo } from '../../engine/video/video-file.js'
import { shortClass } from '../../formats/determinism-class.js'
import { type GenerationParams, SEED_MAX } from '../../formats/generation.js'
import { environmentOver } from '../environment.js'
import { printJson, printLine } from '../output.js'
import { ProgressBar } from '../progress-bar.js'
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
  // On the command line the processor is the default: this also runs on laptops.
  const { device, 'model.dir': modelDir } = resolveOptions(
    ['device', 'model.dir'],
    { device: request.device, 'model.dir': request.modelDir },
    environmentOver({ FRACTAL_DEVICE: 'cpu' }),
  )
  const seed = request.partial.seed ?? randomInt(SEED_MAX + 1)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  const generator = await openEngine({ modelDir: modelDir ?? defaultModelDir(), device })
  try {
    const params = completeParams({ ...request.partial, seed }, generator.descriptor)
    const { generated, frames } = await run(generator, params, stop.signal)
    const { width, height, fps } = params
    await out.write(await encodeVideo(out.format, { frames, width, height, fps }))
    report(request, generator, params, generated)
  } finally {
    process.off('SIGINT', interrupt)
    await generator.close()
  }
}

async function run(
  generator: Generator,
  params: GenerationParams,
  signal: AbortSignal,
): Promise<{ generated: Generated; frames: Uint8Array[] }> {
  const frames: Uint8Array[] = []
  const bar = new ProgressBar()
  try {
    const generated = await generator.generate(params, {
      signal,
      onProgress: (step, steps) => bar.show('denoising', step, steps),
      onFrame: (index, rgb) => {
        frames[index - 1] = rgb
        bar.show('decoding ', index, params.frames)
      },
    })
    return { generated, frames }
  } finally {
    bar.clear()
  }
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
    printLine('warning  the model reads at most 75 tokens of a prompt; the rest was ignored')
  }
}
