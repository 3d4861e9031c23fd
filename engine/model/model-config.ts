import { z } from 'zod'
import type { Architecture, ModelConfig } from '../architectures/architecture.js'
import { readConfig, readJson, unsupported } from '../architectures/config-file.js'
import { MS_1_7B } from '../architectures/ms/config.js'
import { WAN } from '../architectures/wan/config.js'
import { type ModelDescriptor, parseDescriptor } from './descriptor.js'
import type { FolderBytes } from './model-files.js'
import { requestCaps } from './sizes.js'

/** All supported architectures: another one is a new folder and an entry here. */
const ARCHITECTURES: readonly Architecture[] = [MS_1_7B, WAN]

const indexSchema = z.looseObject({ _class_name: z.string() })

/** @throws EngineError `model_invalid`, `unsupported_model` */
export function readModelConfig(files: FolderBytes): ModelConfig {
  const architecture = architectureOf(files)
  const read = architecture.read(files)
  const grid = architecture.grid(files)
  // Without it, the known answers have a size that only single-frame decoders support.
  const isDescribed = files.bytes.has('fractal.json') || grid.framesEvery > 1
  const descriptor = isDescribed ? describe(files, architecture) : null
  return {
    ...read,
    denoiserBatch: architecture.denoiserBatch,
    shape: {
      ...grid,
      caps: descriptor?.caps ?? requestCaps(null),
      channels: read.channels,
      scale: read.scale,
      kept: read.scheduler.kept,
    },
    descriptor,
  }
}

/**
 * The model's descriptor, from three small files: model_index.json, fractal.json and vae_decoder/config.json.
 * @throws EngineError `model_invalid`, `unsupported_model`
 */
export function readDescriptor(files: FolderBytes): ModelDescriptor {
  return describe(files, architectureOf(files))
}

function describe(files: FolderBytes, architecture: Architecture): ModelDescriptor {
  const terms = { ...architecture, grid: architecture.grid(files) }
  return parseDescriptor(readJson(files, 'fractal.json'), terms)
}

function architectureOf(files: FolderBytes): Architecture {
  const index = readConfig(files, 'model_index.json', indexSchema, 'model_invalid')
  const found = ARCHITECTURES.find(({ pipeline }) => pipeline === index._class_name)
  if (found === undefined) {
    const known = ARCHITECTURES.map(({ pipeline }) => pipeline)
    throw unsupported('pipeline', index._class_name, known)
  }
  return found
}
