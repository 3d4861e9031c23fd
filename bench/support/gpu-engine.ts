import { certifyRun } from '../../engine/class/certify-run.js'
import type { Engine } from '../../engine/engine.js'
import { standardOf } from '../../engine/model/known-answers.js'
import type { Device, GenerationHooks, GenerationTimings } from '../../engine/pipeline/generator.js'
import { openEngineProcess } from '../../engine/process/open-engine-process.js'
import { type GenerationParams, workOf } from '../../formats/generation.js'
import { pixelsOf } from '../../formats/video-shape.js'
import { usOfWork } from '../../rules/work-time.js'
import { watchingMib } from './gpu-memory.js'
import { median, timed } from './measure.js'

/** One model on one device, in seconds. */
export interface EngineFigures {
  readonly model: string
  readonly precision: string
  readonly determinismClass: string
  readonly software: Readonly<Record<string, string>>
  readonly openS: number
  /** Of the standard video, once the known answers have left the device warm for it. */
  readonly firstS: number
  readonly videoS: number
  /** After one of another size. */
  readonly coldS: number
  /** One step and one frame computed again, warm. */
  readonly spotCheckS: number
  /** By standard videos and one of another size. */
  readonly peakMib: number | null
  /** Of one warm standard video. */
  readonly parts: Timings
  /** Frames of the standard video, one after the other: height × width × RGB. */
  readonly frames: Uint8Array
  readonly others: readonly OtherFigures[]
  /** Runs whose frames and trace were compared, in two processes. */
  readonly compared: number
  readonly isExact: boolean
}

/** Of one video, in seconds: all of it, and its three parts. */
interface Timings {
  readonly videoS: number
  readonly textS: number
  readonly denoiseS: number
  readonly decodeS: number
}

/** A video of another size or number of steps. */
export interface OtherFigures {
  readonly shape: OtherShape
  /** The first of its size. */
  readonly coldS: number
  readonly parts: Timings
  /** The second. */
  readonly videoS: number
  readonly spotCheckS: number
  readonly isExact: boolean
  /** So far. */
  readonly peakMib: number | null
}

export type OtherShape = Pick<GenerationParams, 'width' | 'height' | 'frames' | 'steps'>

const PROMPT = 'a red circle moves right on a blue background'

/** Opens the model in two processes, one after the other, and generates its standard video in both. */
export async function measureEngine(
  modelDir: string,
  device: Device,
  { runs, others }: { runs: number; others: readonly OtherShape[] },
): Promise<EngineFigures> {
  const digests: string[] = []
  const { isSame, ...first } = await watchingMib((peakMib) =>
    inProcess(modelDir, device, async (engine, openS) => {
      const params = standard(engine)
      const video = async (hooks: GenerationHooks = {}) => {
        const { framesSha256, traceRoot, timings } = await engine.generate(params, hooks)
        digests.push(`${framesSha256} ${traceRoot}`)
        return timings
      }
      const frames = new Uint8Array(params.frames * params.width * params.height * 3)
      const onFrame = (index: number, rgb: Uint8Array) => frames.set(rgb, (index - 1) * rgb.length)
      const firstS = (await timed(() => video({ onFrame }))) / 1000
      const warm: Timings[] = []
      for (let run = 0; run < runs; run++) warm.push(secondsOf(await video()))
      await engine.generate(ofAnotherSize(params))
      const coldS = (await timed(video)) / 1000
      // Its step is of the standard size, which is warm again.
      const check = await certifyRun(engine, { answer: 0, params, step: params.steps })
      digests.push(`${check.framesSha256} ${check.traceRoot}`)
      const figures = {
        ...facts(engine),
        openS,
        firstS,
        coldS,
        videoS: median(warm.map(({ videoS }) => videoS)),
        parts: warm.at(-1)!,
        spotCheckS: usOfWork(check.spotCheckUsPerPixel, pixelsOf(params)) / 1e6,
        isSame: check.spotCheckOk,
        peakMib: peakMib(),
        frames,
      }
      tell({ ...figures, frames: frames.length })
      const measured: OtherFigures[] = []
      for (const shape of others) {
        measured.push(await measureOther(engine, { ...params, ...shape }, peakMib))
      }
      return { ...figures, others: measured }
    }),
  )
  await inProcess(modelDir, device, async (engine) => {
    const { framesSha256, traceRoot } = await engine.generate(standard(engine))
    digests.push(`${framesSha256} ${traceRoot}`)
  })
  const isExact = isSame && new Set(digests).size === 1
  return { ...first, compared: digests.length, isExact }
}

async function measureOther(
  engine: Engine,
  params: GenerationParams,
  peakMib: () => number | null,
): Promise<OtherFigures> {
  const first = await engine.generate(params)
  const check = await certifyRun(engine, { answer: 0, params, step: params.steps })
  const { width, height, frames, steps } = params
  const figures = {
    shape: { width, height, frames, steps },
    coldS: first.timings.total_us / 1e6,
    videoS: usOfWork(check.usPerWork, workOf(params)) / 1e6,
    parts: secondsOf(first.timings),
    spotCheckS: usOfWork(check.spotCheckUsPerPixel, pixelsOf(params)) / 1e6,
    isExact:
      check.spotCheckOk &&
      check.framesSha256 === first.framesSha256 &&
      check.traceRoot === first.traceRoot,
    peakMib: peakMib(),
  }
  tell(figures)
  return figures
}

/** At once: what comes after may not end in time. */
function tell(figures: object): void {
  console.error(JSON.stringify(figures))
}

function secondsOf({ total_us, text_us, denoise_us, decode_us }: GenerationTimings): Timings {
  const [videoS, textS, denoiseS, decodeS] = [total_us, text_us, denoise_us, decode_us].map(
    (us) => us / 1e6,
  )
  return { videoS: videoS!, textS: textS!, denoiseS: denoiseS!, decodeS: decodeS! }
}

async function inProcess<T>(
  modelDir: string,
  device: Device,
  work: (engine: Engine, openS: number) => Promise<T>,
): Promise<T> {
  const began = performance.now()
  const { engine } = await openEngineProcess({ modelDir, device, onEnd: () => {} })
  try {
    return await work(engine, (performance.now() - began) / 1000)
  } finally {
    await engine.close()
  }
}

function facts({ descriptor, determinismClass, software }: Engine) {
  const model = descriptor?.name ?? 'unnamed'
  return { model, precision: software.precision ?? 'unknown', determinismClass, software }
}

function standard({ descriptor }: Engine): GenerationParams {
  return { ...standardOf(descriptor), prompt: PROMPT, negativePrompt: '', seed: 7 }
}

/** Of half the side, where that is a multiple of 16, and of fewer steps: only its size matters. */
function ofAnotherSize(params: GenerationParams): GenerationParams {
  const half = (side: number) => (side % 32 === 0 ? side / 2 : side)
  return { ...params, steps: 2, width: half(params.width), height: half(params.height) }
}
