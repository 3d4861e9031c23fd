import path from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { messageOf } from '../../base/errors.js'
import { EngineError } from '../errors.js'
import { bytesOf, type ModelFiles } from '../model/model-files.js'
import type { Device } from '../pipeline/generator.js'
import type { NativeGate } from './native-gate.js'
import { firstLine, Network } from './network.js'
import type { Runtime } from './runtime.js'
import { sessionOptions } from './session-options.js'

export interface Networks {
  text: Network
  denoiser: Network
  decoder: Network
}

const PARTS = [
  { name: 'text', folder: 'text_encoder', inputs: { input_ids: 'int64' } },
  {
    name: 'denoiser',
    folder: 'unet',
    inputs: { sample: 'float32', timestep: 'int64', encoder_hidden_states: 'float32' },
  },
  { name: 'decoder', folder: 'vae_decoder', inputs: { latent_sample: 'float32' } },
] as const

/**
 * Opens the three networks, one after the other: opening blocks the thread for the optimisation of
 * the graph, so side by side would be no faster, only hungrier.
 * @throws EngineError `model_invalid`, `unsupported_model`, `cuda_missing`
 */
export async function openNetworks(
  runtime: Runtime,
  files: ModelFiles,
  device: Device,
  gate: NativeGate,
): Promise<Networks> {
  const open: Partial<Networks> = {}
  try {
    for (const { name, folder, inputs } of PARTS) {
      const session = await gate.pass(() => openSession(runtime, files, folder, device))
      open[name] = new Network(session, gate)
      assertInputs(session, folder, inputs)
    }
    return open as Networks
  } catch (error) {
    await releaseNetworks(open)
    throw error
  }
}

export async function releaseNetworks(networks: Partial<Networks>): Promise<void> {
  for (const network of Object.values(networks)) await network.release()
}

async function openSession(
  runtime: Runtime,
  files: ModelFiles,
  folder: string,
  device: Device,
): Promise<InferenceSession> {
  const file = `${folder}/model.onnx`
  const bytes = bytesOf(files, file)
  // Weights beside the graph are found by onnxruntime itself, relative to the graph's path.
  const external = [...files.bytes.keys()].some(
    (other) => other.startsWith(`${folder}/`) && /\.onnx[._]data|\.(bin|weight)$/.test(other),
  )
  const options = sessionOptions(device)
  try {
    return bytes === null || external
      ? await runtime.InferenceSession.create(path.join(files.dir, file), options)
      : await runtime.InferenceSession.create(bytes, options)
  } catch (cause) {
    const message = messageOf(cause)
    if (device === 'cuda' && /shared library|CUDA|cudnn|backend/i.test(message)) {
      throw new EngineError('cuda_missing', `onnxruntime cannot use CUDA: ${firstLine(message)}`, {
        hint: 'Install CUDA 12 and cuDNN 9, then run ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js',
        cause,
      })
    }
    throw new EngineError('model_invalid', `${file} cannot be loaded: ${firstLine(message)}`, {
      hint: 'The file is truncated or damaged: fetch the model folder again.',
      cause,
    })
  }
}

/** The names and types that diffusers' networks are exported with. */
function assertInputs(
  session: InferenceSession,
  folder: string,
  expected: Record<string, string>,
): void {
  const found = Object.fromEntries(
    session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : 'no tensor']),
  )
  const describe = (inputs: Record<string, string>) =>
    Object.entries(inputs)
      .map(([name, type]) => `${name} ${type}`)
      .sort()
      .join(', ')
  if (describe(found) !== describe(expected) || session.outputNames.length !== 1) {
    throw new EngineError(
      'unsupported_model',
      `${folder}/model.onnx takes ${describe(found)}; this engine gives ${describe(expected)} and reads one output.`,
      { hint: 'Export it in fp32 as engine/models/trained/train/export.py does.' },
    )
  }
}
