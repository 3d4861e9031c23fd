/*
 * Seconds a video, memory and equal bytes of models on a GPU, beside torch and diffusers in the same run:
 * npm run bench -- gpu [--models DIR,DIR] [--others 832x480x81@10,…] [--source DIR [--torch-like DIR] [--torch-precisions fp16,fp32,tf32]]
 *   [--device cuda] [--runs 3] [--python python3] [--json FILE]
 * --models: folders as `fractal model export` makes them, the shipped one by default. --source: the folder of
 * diffusers that they were exported from; without it torch is left out. --torch-like: of the models, the one whose
 * standard video torch makes; the first by default. --others: videos of WIDTHxHEIGHTxFRAMES@STEPS beside the standard one.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { textTable } from '../base/text-table.js'
import { defaultModelDir } from '../engine/models/default-model.js'
import {
  type EngineFigures,
  measureEngine,
  type OtherFigures,
  type OtherShape,
} from './support/gpu-engine.js'
import { measureTorch, type TorchFigures } from './support/torch-video.js'

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: defaultModelDir() },
    others: { type: 'string' },
    source: { type: 'string' },
    'torch-precisions': { type: 'string' },
    'torch-like': { type: 'string' },
    device: { type: 'string', default: 'cuda' },
    runs: { type: 'string', default: '3' },
    python: { type: 'string', default: 'python3' },
    json: { type: 'string' },
  },
})
const runs = Number(values.runs)
const device = values.device === 'cpu' ? 'cpu' : 'cuda'
if (!Number.isInteger(runs) || runs < 1) {
  console.error('--runs: a whole number from 1 on')
  process.exit(2)
}

const others = (values.others?.split(',') ?? []).map((text): OtherShape => {
  const [width, height, frames, steps] = text.split(/[x@]/).map(Number)
  if (![width, height, frames, steps].every(Number.isInteger)) {
    console.error('--others: WIDTHxHEIGHTxFRAMES@STEPS, several by commas')
    process.exit(2)
  }
  return { width: width!, height: height!, frames: frames!, steps: steps! }
})

const seconds = (value: number) => value.toFixed(3)
const gib = (mib: number | null) => (mib === null ? '–' : (mib / 1024).toFixed(1))

function engineRow(figures: EngineFigures): string[] {
  const { model, precision, openS, firstS, videoS, coldS, spotCheckS, peakMib } = figures
  const bytes = `${figures.isExact ? 'equal' : 'DIFFER'} (${figures.compared} runs)`
  const times = [openS, firstS, videoS, coldS, spotCheckS].map(seconds)
  return [`Fractal ${model}`, precision, ...times, gib(peakMib), bytes]
}

function otherRow(model: string, precision: string, figures: OtherFigures): string[] {
  const { shape, coldS, videoS, spotCheckS, peakMib, isExact } = figures
  const { width, height, frames, steps } = shape
  const name = `${model}, ${width}×${height}×${frames}, ${steps} steps`
  const bytes = `${isExact ? 'equal' : 'DIFFER'} (2 runs)`
  return [
    name,
    precision,
    '–',
    seconds(coldS),
    seconds(videoS),
    '–',
    seconds(spotCheckS),
    gib(peakMib),
    bytes,
  ]
}

function torchRow(figures: TorchFigures): string[] {
  if ('failed' in figures) {
    return ['torch + diffusers', figures.precision, '–', '–', figures.failed, '–', '–', '–', '–']
  }
  const { precision, first_s, video_s, peak_mib, psnr_db } = figures
  const times = [seconds(first_s), seconds(video_s)]
  const near = psnr_db === undefined ? '–' : `${psnr_db?.toFixed(1) ?? '∞'} dB from the first`
  return ['torch + diffusers', precision, '–', ...times, '–', '–', gib(peak_mib), near]
}

const models = values.models.split(',')
const engine: EngineFigures[] = []
for (const modelDir of models) {
  const figures = await measureEngine(modelDir, device, { runs, others })
  console.error(`${figures.determinismClass}\n${JSON.stringify(figures.software)}`)
  engine.push(figures)
}
const { source, python } = values
const like = Math.max(0, models.indexOf(values['torch-like'] ?? models[0]!))
const torch =
  source === undefined
    ? []
    : await measureTorch({
        python,
        source,
        modelDir: models[like]!,
        runs,
        device,
        precisions: values['torch-precisions'] ?? (device === 'cuda' ? 'fp16,fp32,tf32' : 'fp32'),
        others,
        frames: engine[like]!.frames,
      })
const head = [
  '',
  'precision',
  'open s',
  'first s',
  'video s',
  'after another size',
  'spot check s',
  'GiB',
  'bytes',
]
const rows = engine.flatMap((figures) => [
  engineRow(figures),
  ...figures.others.map((other) => otherRow(figures.model, figures.precision, other)),
])
console.log(textTable(head, [...rows, ...torch.map(torchRow)], 'ruled'))
if (values.json !== undefined) {
  const plain = engine.map(({ frames: _, ...figures }) => figures)
  await writeFile(values.json, JSON.stringify({ device, runs, engine: plain, torch }, null, 2))
}
