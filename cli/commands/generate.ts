import type { CommandModule } from 'yargs'
import { SEED_MAX } from '../../formats/generation.js'
import { withOptions } from '../options.js'
import { decimal, integer } from '../parse-number.js'
import { UsageError } from '../usage-error.js'

const MAX_COUNT = 1_000_000_000

export const generateCommand: CommandModule = {
  command: 'generate [prompt]',
  describe: 'generate a video on this machine, without a network',
  builder: (argv) => {
    const text = (describe: string, defaultDescription?: string) =>
      ({ type: 'string', requiresArg: true, describe, defaultDescription }) as const
    const standard = 'the model’s standard'
    return withOptions(argv, ['model.dir'])
      .positional('prompt', { type: 'string', describe: 'prompt: what to show; may be empty' })
      .option('prompt-file', text('file with the prompt, or - for standard input'))
      .option('seed', text(`0 to ${SEED_MAX}`, 'random, and printed'))
      .option('negative-prompt', text('negative prompt: what not to show'))
      .option('steps', text('denoising steps', standard))
      .option('guidance', text('guidance scale: how closely to follow the prompt', standard))
      .option('width', text('pixels', standard))
      .option('height', text('pixels', standard))
      .option('frames', text('number of frames', standard))
      .option('fps', text('frames per second', standard))
      .option('device', text('cpu or cuda [FRACTAL_DEVICE]', 'cpu'))
      .option('out', { ...text('FILE.mp4, FILE.png or FILE.rgb'), demandOption: true })
      .option('json', { type: 'boolean', describe: 'print hashes, class and timings as JSON' })
      .example('$0 generate "a red ball rolling" --seed 7 --out ball.mp4', '')
  },
  handler: async (given) => {
    for (const [name, value] of Object.entries(given)) {
      if (Array.isArray(value) && name !== '_') throw new UsageError(`--${name} was given twice.`)
    }
    const partial = {
      prompt: await promptOf(given),
      negativePrompt: String(given['negative-prompt'] ?? ''),
      seed: integer('seed', given.seed, 0, SEED_MAX),
      steps: integer('steps', given.steps, 1, MAX_COUNT),
      guidance: decimal('guidance', given.guidance),
      width: integer('width', given.width, 1, MAX_COUNT),
      height: integer('height', given.height, 1, MAX_COUNT),
      frames: integer('frames', given.frames, 1, MAX_COUNT),
      fps: integer('fps', given.fps, 1, MAX_COUNT),
    }
    const { generateToFile } = await import('../generate/generate-to-file.js')
    await generateToFile({
      partial,
      modelDir: given['model.dir'],
      device: given.device,
      out: String(given.out),
      json: given.json === true,
    })
  },
}

/** @throws UsageError */
async function promptOf({ prompt, 'prompt-file': file }: Record<string, unknown>): Promise<string> {
  if (prompt !== undefined && file !== undefined) {
    throw new UsageError('Give the prompt or --prompt-file, not both.')
  }
  if (file === undefined) {
    if (prompt === undefined) throw new UsageError('Give a prompt, or --prompt-file.')
    return String(prompt)
  }
  const { readPrompt } = await import('../generate/read-prompt.js')
  return readPrompt(String(file))
}
