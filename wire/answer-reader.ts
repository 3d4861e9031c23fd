import { hash } from 'node:crypto'
import { toHex } from '../formats/bytes.js'
import { framesSha256 } from '../formats/frames.js'
import type { WorkShape } from '../formats/video-shape.js'
import { WireError } from './error.js'
import { inflateFrame } from './frame-codec.js'
import {
  type AnswerHeader,
  type AnswerWarning,
  answerHeaderSchema,
  type DoneHeader,
} from './schemas.js'
import type { StreamRecord } from './stream.js'

/** What a record meant. */
export type AnswerEvent =
  | { header: Exclude<AnswerHeader, { type: 'frame' | 'done' }> }
  | { header: Extract<AnswerHeader, { type: 'frame' }>; rgb: Buffer; zlib: Uint8Array }
  | { header: DoneHeader; framesSha256: string; frameDigests: string[] }

/**
 * Reads an answer's records and enforces their order: `accepted` (repeated only when its position decreases
 * or warnings arrive), `progress` with increasing steps, frames 1 … n, `done`, nothing more. Each frame is
 * inflated, measured and hashed here: nothing that the prover says about them is trusted.
 */
export class AnswerReader {
  position: number | null = null
  warnings: AnswerWarning[] = []
  /** Whether work on this request has visibly begun. */
  progressed = false
  private step = -1
  private ended = false
  private readonly digests: Buffer[] = []

  constructor(private readonly expected: WorkShape) {}

  /** @throws WireError `stream_malformed`, `frame_malformed` */
  async read(record: StreamRecord): Promise<AnswerEvent> {
    const parsed = answerHeaderSchema.safeParse(record.header)
    if (!parsed.success) {
      const field = parsed.error.issues[0]?.path.join('.') || 'type'
      throw malformed(`a record's header is invalid at ${field}`)
    }
    const header = parsed.data
    if (this.ended) throw malformed(`a record ${header.type} after the end`)
    if (this.position === null && header.type !== 'accepted' && header.type !== 'error') {
      throw malformed(`the first record is ${header.type}, expected accepted`)
    }
    if (header.type !== 'frame' && record.body.length > 0) {
      throw malformed(`a record ${header.type} with a body`)
    }
    switch (header.type) {
      case 'accepted':
        this.accept(header.position, header.warnings)
        return { header }
      case 'progress':
        this.advance(header.step, header.steps)
        return { header }
      case 'frame': {
        const rgb = await this.frame(header.index, record.body)
        return { header, rgb, zlib: record.body }
      }
      case 'done':
        return { header, ...this.finish(header) }
      case 'error':
        this.ended = true
        return { header }
    }
  }

  private accept(position: number, warnings: AnswerWarning[]): void {
    const moved =
      this.position === null ||
      position < this.position ||
      (position === this.position && warnings.length > this.warnings.length)
    if (!moved || this.step >= 0 || this.digests.length > 0) throw malformed('accepted twice')
    this.position = position
    this.warnings = warnings
  }

  private advance(step: number, steps: number): void {
    const { expected } = this
    const inOrder = steps === expected.steps && step > this.step && step <= steps
    if (!inOrder || this.digests.length > 0) {
      throw malformed(`progress ${step}/${steps} after ${Math.max(this.step, 0)}/${expected.steps}`)
    }
    this.step = step
    this.progressed = true
  }

  private async frame(index: number, body: Uint8Array): Promise<Buffer> {
    const { width, height, frames } = this.expected
    if (index !== this.digests.length + 1 || index > frames) {
      throw malformed(`frame ${index} after ${this.digests.length} of ${frames}`)
    }
    const rgb = await inflateFrame(body, width * height * 3)
    this.digests.push(hash('sha256', rgb, 'buffer'))
    this.progressed = true
    return rgb
  }

  private finish(header: DoneHeader): { framesSha256: string; frameDigests: string[] } {
    if (this.digests.length !== this.expected.frames) {
      throw malformed(`done after ${this.digests.length} of ${this.expected.frames} frames`)
    }
    const ours = framesSha256(this.expected, this.digests)
    if (header.frames_sha256 !== ours)
      throw malformed('frames_sha256 does not match the frames sent')
    this.ended = true
    return { framesSha256: ours, frameDigests: this.digests.map((digest) => toHex(digest)) }
  }
}

function malformed(message: string): WireError {
  return new WireError('stream_malformed', message)
}
