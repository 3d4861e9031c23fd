import type { AxonRow } from '../../ledger/provers/routing.js'
import type { AttemptRow } from '../../ledger/requests/attempts.js'
import { putFrames } from '../../ledger/requests/frames.js'
import { requestGeneration } from '../../wire/client.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import type { InferenceDeps } from '../inference-deps.js'
import { BatchWriter } from '../shared/batch-writer.js'
import { compressFrame } from '../shared/compress-frame.js'
import { storedParams } from '../shared/stored-request.js'

/** Frames that come within it are stored together. */
const FRAMES_PAUSE_MS = 20

/** What is sent, and where to; the prover is null when it has no address any more. */
export interface AskedProver {
  readonly row: AttemptRow
  readonly prover: Pick<AxonRow, 'axonIp' | 'axonPort' | 'modelRoot'> | null
}

/** A user's request. */
export interface RequestTarget extends AskedProver {
  readonly prover: AxonRow | null
  /** The same request was sent before. */
  readonly resent: boolean
  /**
   * Whether a second prover may be asked beside it. Never beside one that was sent the request before: it
   * may be replaying, and what it takes then says nothing.
   */
  readonly mayBeHedged: boolean
  /** floor(µs · 10^6 / work) of the prover, else of its class; null when that is not known. */
  readonly usPerWork: number | null
}

export interface RequestHooks {
  /** Its place in the prover's queue. */
  onPosition(position: number): void
  /** What the prover says of its work; 0 of so many steps for one that replays its frames. */
  onProgress(step: number, steps: number): void
  /** A frame has come: the so-manieth, from 1, of so many. */
  onFrame(index: number, frames: number): void
  /** Work was seen, once: a step is done, or a frame is there. Saying "step 0" costs a prover nothing. */
  onBegun(): void
}

/**
 * Asks one prover and stores its frames as they come.
 * @returns null when there is no prover to ask
 */
export async function requestVideo(
  deps: Pick<
    InferenceDeps,
    'db' | 'id' | 'signer' | 'genesisHash' | 'allowPrivateAddresses' | 'mayVerify' | 'log'
  >,
  { row, prover }: AskedProver,
  signal: AbortSignal,
  hooks: RequestHooks,
): Promise<RequestOutcome | null> {
  // Chosen in an interval before, and the newest one did not reach it.
  if (prover === null) return null
  // A slow ledger is never a prover's failure. A write that fails shows in `finished`, and its frames
  // come again with the replay.
  const frames = new BatchWriter<[index: number, rgb: Uint8Array]>(
    async (batch) => {
      const packed = await Promise.all(batch.map(([index, rgb]) => compressFrame(index, rgb)))
      await putFrames(deps.db, row.requestId, packed)
    },
    { pauseMs: FRAMES_PAUSE_MS },
  )
  const expected = storedParams(row)
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
      allowPrivate: deps.allowPrivateAddresses,
      mayVerify: deps.mayVerify,
      log: deps.log,
      deadlineMs: row.deadlineMs,
      signal,
      onFrame: (index, rgb) => {
        begin()
        if (!progressReported) progress(0)
        frames.add([index, rgb])
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
    if (outcome.kind === 'answered') await frames.finished()
    return outcome
  } finally {
    await frames.abandoned()
  }
}
