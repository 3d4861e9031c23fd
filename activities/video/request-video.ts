import type { AxonRow } from '../../ledger/provers/routing.js'
import type { AttemptRow } from '../../ledger/requests/attempts.js'
import { putFrames } from '../../ledger/requests/frames.js'
import { requestGeneration } from '../../wire/client.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import type { InferenceDeps } from '../inference-deps.js'
import { BatchWriter } from '../shared/batch-writer.js'
import { storedParams } from '../shared/stored-request.js'
import { type ArrivedFrame, FramePacker } from './pack-frames.js'

/** How long the first frame waits for others, which often arrive in a burst. */
const FRAMES_LEAD_MS = 10
/** Frames that arrive within this time are stored together. */
const FRAMES_PAUSE_MS = 20
/** Larger videos are read back from the ledger when their files are made: many are under way at once. */
const KEPT_BYTES = 4 * 2 ** 20

/** Where a request goes to. */
interface Address extends Pick<AxonRow, 'axonIp' | 'axonPort' | 'modelRoot'> {
  /** As recorded when the interval opened; null if it is not known. */
  readonly determinismClass: string | null
}

/** What is sent, and where to; the prover is null if it no longer has an address. */
export interface AskedProver {
  readonly row: AttemptRow
  readonly prover: Address | null
}

/** A user's request. */
export interface RequestTarget extends AskedProver {
  readonly prover: AxonRow | null
  /** The same request was sent before. */
  readonly resent: boolean
  /**
   * Whether a second prover may be asked in parallel. Never if the prover was already sent the request
   * before: it may be replaying, and its time then means nothing.
   */
  readonly mayBeHedged: boolean
  /** floor(µs · 10^6 / work) of the prover, else of its class; null if unknown. */
  readonly usPerWork: number | null
}

export interface RequestHooks {
  /** Called with its position in the prover's queue. */
  onPosition(position: number): void
  /** Called with the prover's reported progress; step 0 for one that replays its frames. */
  onProgress(step: number, steps: number): void
  /** Called when frame `index` (from 1) of `frames` has arrived. */
  onFrame(index: number, frames: number): void
  /**
   * Called once when work was seen: a step is done, or a frame has arrived. "Step 0" proves nothing, because
   * saying it costs a prover nothing.
   */
  onBegun(): void
  /** Called with the frames of a complete, checked answer, while they are being stored; not for large videos. */
  onAnswer?(framesSha256: string, frames: readonly Uint8Array[]): void
}

/** Asks one prover and stores its frames as they arrive. @returns null if there is no prover to ask */
export async function requestVideo(
  deps: Pick<
    InferenceDeps,
    'db' | 'id' | 'signer' | 'genesisHash' | 'allowPrivateAddresses' | 'mayVerify' | 'log'
  >,
  { row, prover }: AskedProver,
  signal: AbortSignal,
  hooks: RequestHooks,
): Promise<RequestOutcome | null> {
  // It was chosen in an earlier interval, and the newest one could not reach it.
  if (prover === null) return null
  const packer = new FramePacker()
  // A slow ledger must never count as a prover's failure. A failed write is thrown by `finished`, and its
  // frames arrive again with the replay.
  const frames = new BatchWriter<ArrivedFrame>(
    async (batch) => {
      const packed = await Promise.all(batch.map((frame) => packer.pack(frame)))
      await putFrames(deps.db, row.requestId, packed)
    },
    { leadMs: FRAMES_LEAD_MS, pauseMs: FRAMES_PAUSE_MS },
  )
  const expected = storedParams(row)
  const { width, height } = expected
  const kept: Uint8Array[] | null = expected.frames * width * height * 3 <= KEPT_BYTES ? [] : null
  let progressReported = false
  let begun = false
  const progress = (step: number) => {
    progressReported = true
    hooks.onProgress(step, expected.steps)
  }
  const begin = () => {
    if (!begun) hooks.onBegun()
    begun = true
  }
  try {
    const outcome = await requestGeneration({
      address: { ip: prover.axonIp, port: prover.axonPort },
      receiver: row.hotkey,
      signer: deps.signer,
      body: row.body,
      expected,
      terms: { genesisHash: deps.genesisHash, netuid: deps.id.netuid },
      modelRoot: prover.modelRoot,
      determinismClass: prover.determinismClass,
      allowPrivate: deps.allowPrivateAddresses,
      mayVerify: deps.mayVerify,
      log: deps.log,
      deadlineMs: row.deadlineMs,
      signal,
      onFrame: (index, rgb, zlib) => {
        begin()
        if (!progressReported) progress(0)
        frames.add({ index, rgb, zlib })
        kept?.push(rgb)
        hooks.onFrame(index, expected.frames)
      },
      onRecord: (header) => {
        if (header.type === 'accepted') hooks.onPosition(header.position)
        if (header.type === 'progress') {
          if (header.step > 0) begin()
          progress(header.step)
        }
      },
    })
    if (outcome.kind === 'answered') {
      if (kept !== null) hooks.onAnswer?.(outcome.framesSha256, kept)
      await frames.finished()
    }
    return outcome
  } finally {
    await frames.abandoned()
  }
}
