/*
 * Seconds a video, memory and equal bytes of models on a GPU, beside torch and diffusers in the same run:
 * npm run bench -- gpu [--models DIR,DIR] [--source DIR [--torch-like DIR]] [--device cuda] [--runs 3] [--python python3] [--json FILE]
 * --models: folders as `fractal model export` makes them, the shipped one by default. --source: the folder of
 * diffusers that they were exported from; without it torch is left out. --torch-like: of the models, the one whose
 * standard video torch makes; the first by default.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { textTable } from '../base/text-table.js'
import { defaultModelDir } from '../engine/models/default-model.js'
import { type EngineFigures, measureEngine } from './support/gpu-engine.js'
import { measureTorch, type TorchFigures } from './support/torch-video.js'

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: defaultModelDir() },
    source: { type: 'string' },
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

const seconds = (value: number) => value.toFixed(3)
const gib = (mib: number | null) => (mib === null ? '–' : (mib / 1024).toFixed(1))

function engineRow(figures: EngineFigures): string[] {
  const { model, precision, openS, firstS, videoS, coldS, spotCheckS, peakMib } = figures
  const bytes = `${figures.isExact ? 'equal' : 'DIFFER'} (${figures.compared} runs)`
  const times = [openS, firstS, videoS, coldS, spotCheckS].map(seconds)
  return [`Fractal ${model}`, precision, ...times, gib(peakMib), bytes]
}

function torchRow(figures: TorchFigures): string[] {
  if ('failed' in figures) {
    return ['torch + diffusers', figures.precision, '–', '–', figures.failed, '–', '–', '–', '–']
  }
  const { precision, first_s, video_s, peak_mib } = figures
  const times = [seconds(first_s), seconds(video_s)]
  return ['torch + diffusers', precision, '–', ...times, '–', '–', gib(peak_mib), '–']
}

const models = values.models.split(',')
const engine: EngineFigures[] = []
for (const modelDir of models) {
  const figures = await measureEngine(modelDir, device, runs)
  console.error(`${figures.determinismClass}\n${JSON.stringify(figures.software)}`)
  engine.push(figures)
}
const { source, python } = values
const torch =
  source === undefined
    ? []
    : await measureTorch({
        python,
        source,
        modelDir: values['torch-like'] ?? models[0]!,
        runs,
        device,
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
console.log(textTable(head, [...engine.map(engineRow), ...torch.map(torchRow)], 'ruled'))
if (values.json !== undefined) {
  await writeFile(values.json, JSON.stringify({ device, runs, engine, torch }, null, 2))
}
