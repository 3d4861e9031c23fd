import path from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { messageOf } from '../../base/errors.js'
import { withWhatIsMissing } from '../cuda/what-is-missing.js'
import { EngineError } from '../errors.js'
import { assertUnchanged, bytesOf, type ModelFiles } from '../model/model-files.js'
import type { Device } from '../pipeline/generator.js'
import type { NativeGate } from './native-gate.js'
import { Network } from './network.js'
import { NetworkTurns } from './network-turns.js'
import type { Runtime } from './runtime.js'
import { knownFailure, reasonOf } from './runtime-error.js'
import { sessionOptions } from './session-options.js'

/** One that is open, or opens when it is run. */
export type RunnableNetwork = Pick<Network, 'run' | 'release'>

export interface Networks {
  text: RunnableNetwork
  denoiser: RunnableNetwork
  decoder: RunnableNetwork
}

/** Whether all are open all the time, or one at a time: on a GPU that has no room for all. Bytes are the same. */
export type Residency = 'together' | 'by turns'

/** A network's folder, and the names and types of its inputs. */
export interface NetworkSpec {
  folder: string
  inputs: Readonly<Record<string, 'float32' | 'int64'>>
}

export type NetworkSpecs = Readonly<Record<keyof Networks, NetworkSpec>>

const NAMES = ['text', 'denoiser', 'decoder'] as const

interface Opening {
  runtime: Runtime
  files: ModelFiles
  specs: NetworkSpecs
  device: Device
  gate: NativeGate
  residency: Residency
}

/**
 * Opens the three networks, one after the other: opening blocks the thread for graph optimisation, so doing
 * it in parallel would not be faster and would need more memory. By turns, each is opened
 * once to check that it can be.
 * @throws EngineError `model_invalid`, `unsupported_model`, `cuda_missing`, `gpu_missing`, `out_of_memory`
 */
export async function openNetworks(opening: Opening): Promise<Networks> {
  const turns = new NetworkTurns(async (name: keyof Networks) => {
    return (await openNetwork(opening, name)).network
  })
  const open: Partial<Networks> = {}
  let textWidth: number | null = null
  try {
    for (const name of NAMES) {
      const { network, session } = await openNetwork(opening, name)
      open[name] = network
      if (name === 'text') textWidth = lastSide(session.outputMetadata[0])
      if (name === 'denoiser') assertReads(textWidth, session, opening.specs)
      if (opening.residency === 'by turns') {
        await network.release()
        open[name] = turns.of(name)
      }
    }
    return open as Networks
  } catch (error) {
    await releaseNetworks(open)
    throw error
  }
}

async function openNetwork(
  opening: Opening,
  name: keyof Networks,
): Promise<{ network: Network; session: InferenceSession }> {
  const { folder, inputs } = opening.specs[name]
  const session = await opening.gate.pass(() => openSession(opening, folder))
  const network = new Network(session, opening.gate)
  try {
    assertInputs(session, folder, inputs)
    return { network, session }
  } catch (error) {
    await network.release()
    throw error
  }
}

export async function releaseNetworks(networks: Partial<Networks>): Promise<void> {
  for (const network of Object.values(networks)) await network.release()
}

async function openSession(
  { runtime, files, device, residency }: Opening,
  folder: string,
): Promise<InferenceSession> {
  const file = `${folder}/model.onnx`
  const options = sessionOptions(device)
  try {
    // By turns it is opened again and again: nobody keeps its bytes for that.
    const bytes = residency === 'by turns' ? null : bytesOf(files, file)
    if (bytes !== null && !mayHaveData(files, folder)) {
      return await runtime.InferenceSession.create(bytes, options)
    }
    const session = await runtime.InferenceSession.create(path.join(files.dir, file), options)
    await assertUnchanged(files, folder)
    return session
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw await withWhatIsMissing(openError(cause, { file, dir: files.dir, device }))
  }
}

/**
 * Whether weights may be in a file next to the graph, under any name: onnxruntime finds it relative to the
 * graph's path.
 */
function mayHaveData({ bytes }: ModelFiles, folder: string): boolean {
  const known = [`${folder}/model.onnx`, `${folder}/config.json`]
  return [...bytes.keys()].some((file) => file.startsWith(`${folder}/`) && !known.includes(file))
}

function openError(
  cause: unknown,
  { file, dir, device }: { file: string; dir: string; device: Device },
): EngineError {
  const known = knownFailure(cause)
  if (known !== null) return known
  // Without the folder's path, which may contain anything.
  const message = messageOf(cause).replaceAll(dir, '')
  if (device === 'cuda' && /shared library|CUDA|cudnn|backend/i.test(message)) {
    return new EngineError('cuda_missing', `onnxruntime cannot use CUDA: ${reasonOf(cause)}`, {
      hint: 'npx fractal doctor --role prover says what is missing; npx fractal cuda install gets it.',
      cause,
    })
  }
  return new EngineError('model_invalid', `${file} cannot be loaded: ${reasonOf(cause)}`, {
    hint: /external data/i.test(message)
      ? 'Its weights are in a separate file, which is missing or was renamed: fetch the model folder again.'
      : 'The file is truncated or damaged: fetch the model folder again.',
    cause,
  })
}

/** Asserts the input names and types with which diffusers' networks are exported. */
function assertInputs(
  session: InferenceSession,
  folder: string,
  expected: NetworkSpec['inputs'],
): void {
  const found = Object.fromEntries(
    session.inputMetadata.map((input) => [
      input.name,
      input.isTensor ? input.type : 'not a tensor',
    ]),
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

/** What the denoiser is given of a text, by diffusers' name. */
const TEXT_INPUT = 'encoder_hidden_states'

/** @throws EngineError `model_invalid` for a text encoder of another width than the denoiser reads */
function assertReads(
  textWidth: number | null,
  denoiser: InferenceSession,
  { text, denoiser: { folder } }: NetworkSpecs,
): void {
  const input = denoiser.inputMetadata.find(({ name }) => name === TEXT_INPUT)
  const width = lastSide(input)
  if (width === null || textWidth === null || width === textWidth) return
  throw new EngineError(
    'model_invalid',
    `${text.folder}/model.onnx gives ${textWidth} values a token, ${folder}/model.onnx reads ${width}.`,
    { hint: 'The two are of different models: fetch the model folder again.' },
  )
}

/** Null where the graph leaves it open. */
function lastSide(tensor: InferenceSession.ValueMetadata | undefined): number | null {
  const side = tensor?.isTensor ? tensor.shape.at(-1) : undefined
  return typeof side === 'number' && side > 0 ? side : null
}
