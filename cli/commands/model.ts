import type { CommandModule } from 'yargs'
import { commandGroup } from '../command-group.js'
import { UsageError } from '../usage-error.js'

const TEXT = { type: 'string', requiresArg: true } as const
/** Passed on to the exporter by the same names. */
const SETTINGS = [
  'precision',
  'name',
  'steps',
  'guidance',
  'frames',
  'width',
  'height',
  'fps',
  'max-pixels',
  'max-work',
  'gpu-memory-mib',
] as const

const standard = {
  ...TEXT,
  describe: 'of a standard video',
  defaultDescription: 'usual for the model',
} as const

const exportCommand: CommandModule = {
  command: 'export <source>',
  describe: 'make a folder of Hugging Face’s diffusers into one that Fractal takes',
  builder: (argv) =>
    argv
      .positional('source', {
        type: 'string',
        demandOption: true,
        describe: 'folder with model_index.json',
      })
      .option('out', { ...TEXT, demandOption: true, describe: 'folder to write' })
      .option('precision', {
        choices: ['fp16', 'fp32'],
        requiresArg: true,
        default: 'fp16',
        describe: 'what its networks compute in',
      })
      .option('name', {
        ...TEXT,
        describe: 'its name in requests',
        defaultDescription: 'the folder’s',
      })
      .option('steps', standard)
      .option('guidance', standard)
      .option('frames', standard)
      .option('width', standard)
      .option('height', standard)
      .option('fps', standard)
      .option('max-pixels', {
        ...TEXT,
        describe: 'frames × width × height of the largest video',
        defaultDescription: 'the usual cap',
      })
      .option('max-work', {
        ...TEXT,
        describe: 'the same × steps',
        defaultDescription: 'the usual cap',
      })
      .option('gpu-memory-mib', {
        ...TEXT,
        describe: 'what it takes of a GPU’s memory, as measured',
      })
      .option('python', {
        ...TEXT,
        describe: 'Python with the exporter’s packages',
        defaultDescription: 'one of its own, made once',
      })
      .example('$0 model export ./ms-1.7b --out ./ms-fp16', ''),
  handler: async (given) => {
    const settings = SETTINGS.flatMap((name) =>
      given[name] === undefined ? [] : [`--${name}`, once(name, given[name])],
    )
    const { exportModel } = await import('../model/export.js')
    await exportModel({
      source: once('source', given.source),
      out: once('out', given.out),
      settings,
      python: given.python === undefined ? undefined : once('python', given.python),
    })
  },
}

const fetchCommand: CommandModule = {
  command: 'fetch <url>',
  describe: 'fetch a published model, and check that it is the subnet’s',
  builder: (argv) =>
    argv
      .positional('url', {
        type: 'string',
        demandOption: true,
        describe: 'of its manifest: https://HOST/…/NAME.json',
      })
      .option('out', { ...TEXT, demandOption: true, describe: 'folder to write' })
      .option('root', { ...TEXT, describe: 'the root that the subnet names' })
      .example('$0 model fetch https://HOST/ms-fp16.json --out ./ms-fp16 --root HEX', ''),
  handler: async (given) => {
    const url = once('url', given.url)
    const root = given.root === undefined ? undefined : once('root', given.root)
    const isAddress = URL.canParse(url) && /^https?:.*\.json$/.test(url)
    if (!isAddress)
      throw new UsageError('fetch takes the address of a manifest: https://HOST/…/NAME.json.')
    if (root !== undefined && !/^[0-9a-f]{64}$/.test(root)) {
      throw new UsageError('--root takes 64 hexadecimal digits.')
    }
    const { fetchModel } = await import('../model/fetch.js')
    await fetchModel({ url, out: once('out', given.out), root })
  },
}

const manifestCommand: CommandModule = {
  command: 'manifest <folder>',
  describe: 'write what `model fetch` needs to know of a folder that you publish',
  builder: (argv) =>
    argv
      .positional('folder', { type: 'string', demandOption: true, describe: 'a model folder' })
      .option('out', { ...TEXT, describe: 'file to write', defaultDescription: 'FOLDER.json' }),
  handler: async (given) => {
    const folder = once('folder', given.folder).replace(/\/+$/, '')
    const out = given.out === undefined ? `${folder}.json` : once('out', given.out)
    const { writeManifest } = await import('../model/write-manifest.js')
    await writeManifest(folder, out)
  },
}

export const modelCommand = commandGroup('model', 'models of diffusers: export, fetch, manifest', [
  exportCommand,
  fetchCommand,
  manifestCommand,
])

/** @throws UsageError */
function once(name: string, given: unknown): string {
  if (Array.isArray(given)) throw new UsageError(`--${name} was given twice.`)
  return String(given)
}
