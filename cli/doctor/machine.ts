import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { FractalError } from '../../base/errors.js'
import { resolveOptions } from '../../base/options/options.js'
import { findTemporalCli } from '../../dev/temporal/cli.mjs'
import { cpuIsa } from '../../engine/class/cpu-isa.js'
import { selectedGpu } from '../../engine/class/selected-gpu.js'
import { openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { environmentOver } from '../environment.js'
import { printJson, printLine } from '../output.js'

const GIB = 1024 ** 3

/** What a probe found, or why it found nothing. */
async function orWhy(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof FractalError) return `none: ${error.message}`
    throw error
  }
}

/** Prints what decides whether and how fast Fractal runs here. */
export async function showMachine(
  given: Readonly<Record<string, unknown>>,
  json: boolean,
): Promise<void> {
  const options = resolveOptions(
    ['device', 'model.dir'],
    given,
    environmentOver({ FRACTAL_DEVICE: 'cpu' }),
  )
  const cpus = os.cpus()
  const { cli, tried } = await findTemporalCli()
  const { bavail, bsize } = await statfs('.')
  const facts: Record<string, string | number> = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    isa: await orWhy(() => cpuIsa(process.platform, process.arch)),
    gpu: await orWhy(async () => {
      const { name, driver } = await selectedGpu()
      return `${name}, driver ${driver}`
    }),
    memory_gib: Number((os.totalmem() / GIB).toFixed(1)),
    memory_free_gib: Number((os.freemem() / GIB).toFixed(1)),
    disk_free_gib: Number(((bavail * bsize) / GIB).toFixed(1)),
    determinism_class: await orWhy(async () => {
      const modelDir = options['model.dir'] ?? defaultModelDir()
      const generator = await openEngine({ modelDir, device: options.device })
      await generator.close()
      return generator.determinismClass
    }),
    temporal_cli: cli === null ? `none: ${tried.join('; ')}` : `${cli.path} (${cli.version})`,
  }
  if (json) {
    printJson(facts)
    return
  }
  for (const [name, fact] of Object.entries(facts)) {
    printLine(`${name.replaceAll('_', ' ').padEnd(18)} ${fact}`)
  }
}
