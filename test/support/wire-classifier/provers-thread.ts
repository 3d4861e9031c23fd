import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { sr25519Ready } from '../../../base/sr25519.js'
import type { Hex } from '../../../formats/bytes.js'
import { workOf } from '../../../formats/generation.js'
import type { WorkShape } from '../../../formats/video-shape.js'
import { testSigner } from '../../chain/keys.js'
import { FakeGenerator } from '../../prover/fake-generator.js'
import { startTestProver } from '../test-prover.js'
import { type CapturedConnection, startCapturingRelay } from './capturing-relay.js'

/** What the thread is given. */
export interface ProversData {
  /** Of the test keys that are the provers' hotkeys. */
  readonly names: readonly string[]
  readonly netuid: number
  readonly genesisHash: Hex
  readonly determinismClass: string
  /** For their answers. */
  readonly folder: string
  /** What a GPU takes for so much work, in milliseconds. */
  readonly videoMs: number
  readonly standardWork: number
}

/** What it answers: the relays' ports once they listen, and for every message what each relay captured. */
export type ProversAnswer =
  | { readonly ports: readonly number[] }
  | { readonly captured: readonly (readonly CapturedConnection[])[] }

/** One GPU that takes its time, in a class of its own. */
class SlowGenerator extends FakeGenerator {
  constructor(
    override readonly determinismClass: string,
    msOf: (shape: WorkShape) => number,
  ) {
    super({ beforeStep: (_, params) => sleep(msOf(params) / (params.steps + 1)) })
  }
}

const { names, folder, videoMs, standardWork, ...given } = workerData as ProversData
const answer = (message: ProversAnswer) => parentPort!.postMessage(message)

await sr25519Ready()
const relays = await Promise.all(
  names.map(async (name, i) => {
    const msOf = (shape: WorkShape) => (videoMs * workOf(shape)) / standardWork
    const prover = await startTestProver({
      engines: [new SlowGenerator(given.determinismClass, msOf)],
      signer: testSigner(name),
      netuid: given.netuid,
      genesisHash: given.genesisHash,
      keepDir: join(folder, String(i)),
    })
    return startCapturingRelay('127.0.0.1', prover.port)
  }),
)
parentPort!.on('message', () => answer({ captured: relays.map(({ connections }) => connections) }))
answer({ ports: relays.map(({ port }) => port) })
