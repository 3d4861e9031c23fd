import { certifyRun } from '../../engine/class/certify-run.js'
import type { Engine } from '../../engine/engine.js'
import { standardOf } from '../../engine/model/known-answers.js'
import type { Device } from '../../engine/pipeline/generator.js'
import { openEngineProcess } from '../../engine/process/open-engine-process.js'
import type { GenerationParams } from '../../formats/generation.js'
import { pixelsOf } from '../../formats/video-shape.js'
import { usOfWork } from '../../rules/work-time.js'
import { withPeakMib } from './gpu-memory.js'
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
  readonly peakMib: number | null
  /** Runs whose frames and trace were compared, in two processes. */
  readonly compared: number
  readonly isExact: boolean
}

const PROMPT = 'a red circle moves right on a blue background'

/** Opens the model in two processes, one after the other, and generates its standard video in both. */
export async function measureEngine(
  modelDir: string,
  device: Device,
  runs: number,
): Promise<EngineFigures> {
  const digests: string[] = []
  const { result: first, peakMib } = await withPeakMib(() =>
    inProcess(modelDir, device, async (engine, openS) => {
      const params = standard(engine)
      const video = async () => {
        const { framesSha256, traceRoot } = await engine.generate(params)
        digests.push(`${framesSha256} ${traceRoot}`)
      }
      const firstS = (await timed(video)) / 1000
      const warm: number[] = []
      for (let run = 0; run < runs; run++) warm.push((await timed(video)) / 1000)
      await engine.generate(ofAnotherSize(params))
      const coldS = (await timed(video)) / 1000
      // Its step is of the standard size, which is warm again.
      const check = await certifyRun(engine, { answer: 0, params, step: params.steps })
      digests.push(`${check.framesSha256} ${check.traceRoot}`)
      const spotCheckS = usOfWork(check.spotCheckUsPerPixel, pixelsOf(params)) / 1e6
      return {
        openS,
        firstS,
        videoS: median(warm),
        coldS,
        spotCheckS,
        isSame: check.spotCheckOk,
        ...facts(engine),
      }
    }),
  )
  await inProcess(modelDir, device, async (engine) => {
    const { framesSha256, traceRoot } = await engine.generate(standard(engine))
    digests.push(`${framesSha256} ${traceRoot}`)
  })
  const { isSame, ...figures } = first
  const isExact = isSame && new Set(digests).size === 1
  return { ...figures, peakMib, compared: digests.length, isExact }
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
