import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Metrics } from '../../base/metrics.js'
import type { Signer } from '../../base/sr25519.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import { type GenerationBody, generationParams } from '../../formats/generation.js'
import type { CallerStanding } from '../../prover/admission.js'
import { type ProverOptions, type RunningProver, startProver } from '../../prover/prover.js'
import { type RequestOptions, requestGeneration } from '../../wire/client.js'
import { requestOpening } from '../../wire/open.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import { devSigner } from '../wire/keys.js'
import { FakeGenerator, fakeStateSize } from './fake-generator.js'

const GENESIS = '11'.repeat(32)
const HOUR_MS = 3_600_000
const VERIFIER: CallerStanding = { validatorPermit: true, stakeRao: 1000n }

/** Every GPU of a test has the same generator. */
type SiteOptions = Partial<ProverOptions> & {
  generator?: Generator
  gpus?: number
}

/** A prover of a test: its options, its log, and a caller's ways to it. */
export class Site {
  prover!: RunningProver
  alice!: Signer
  charlie!: Signer
  /** Who is registered, by ss58. */
  readonly callers = new Map<string, CallerStanding>()
  readonly logged: string[] = []
  private bob!: Signer
  keepDir!: string
  private ids = 0

  static async open(changes: SiteOptions = {}): Promise<Site> {
    const site = new Site()
    site.alice = await devSigner('//Alice')
    site.bob = await devSigner('//Bob')
    site.charlie = await devSigner('//Charlie')
    site.keepDir = await mkdtemp(join(tmpdir(), 'fractal-prover-'))
    site.callers.set(site.alice.ss58, VERIFIER)
    await site.start(changes)
    return site
  }

  /** Starts a prover in the same folder, as after a crash or a stop. */
  async start(options: SiteOptions = {}): Promise<void> {
    const { generator = new FakeGenerator(), gpus = 1, ...changes } = options
    this.prover = await startProver({
      engines: new Array(gpus).fill(generator),
      signer: this.bob,
      lookup: async (hotkey) => this.callers.get(hotkey) ?? null,
      genesisHash: GENESIS,
      netuid: 9,
      host: '127.0.0.1',
      port: 0,
      blacklist: { forceVerifierPermit: false, allowNonRegistered: false },
      keepDir: this.keepDir,
      version: '0.0.0',
      log: pino({ level: 'trace' }, { write: (line: string) => this.logged.push(line) }),
      metrics: new Metrics('prover'),
      // The first tests of a run are in its first seconds, when a prover refuses what it may have seen.
      uptimeMs: HOUR_MS,
      ...changes,
    })
  }

  async close(): Promise<void> {
    await this.prover.close()
    await rm(this.keepDir, { recursive: true, force: true })
  }

  body(changes: Partial<GenerationBody> = {}): GenerationBody {
    const id = (++this.ids).toString(16).padStart(12, '0')
    return {
      request_id: `00000000-0000-4000-8000-${id}`,
      query: 'a red circle',
      private_input: { negative_prompt: 'a hidden thing' },
      sampling_params: {
        seed: 7,
        num_inference_steps: 3,
        guidance_scale: 3,
        width: 8,
        height: 8,
        num_frames: 2,
        fps: 8,
      },
      model: 'fake',
      deadline_ms: 20_000,
      ...changes,
    }
  }

  get address() {
    return { ip: '127.0.0.1', port: this.prover.port }
  }

  get receiver(): string {
    return this.bob.ss58
  }

  ask(body: GenerationBody, changes: Partial<RequestOptions> = {}): Promise<RequestOutcome> {
    return requestGeneration({
      address: this.address,
      receiver: this.receiver,
      signer: this.alice,
      body: Buffer.from(JSON.stringify(body)),
      expected: generationParams(body),
      terms: { genesisHash: GENESIS, netuid: 9 },
      modelRoot: 'ab'.repeat(32),
      allowPrivate: true,
      mayVerify: (hotkey) => this.callers.get(hotkey)?.validatorPermit ?? false,
      deadlineMs: 20_000,
      ...changes,
    })
  }

  openStep(requestId: string, step: number, frame = 1, signer = this.alice) {
    return requestOpening({
      address: this.address,
      receiver: this.receiver,
      signer,
      requestId,
      step,
      frame,
      expected: { steps: 3, frames: 2 },
      stateBytes: (i) => 4 * fakeStateSize({ steps: 3 }, i),
      allowPrivate: true,
      deadlineMs: 10_000,
    })
  }
}

/** A promise to be kept from outside. */
export function gate(): { open(): void; passed: Promise<void> } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}

/** Runs a test with a site and leaves nothing behind. */
export async function withSite(
  changes: SiteOptions,
  run: (site: Site) => Promise<void>,
): Promise<void> {
  const site = await Site.open(changes)
  try {
    await run(site)
  } finally {
    await site.close()
  }
}
