import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { encodePng, type Picture, PREVIEW_SIDE, shrink } from '../../../base/png.js'
import type { FrameSize } from '../../../formats/video-shape.js'
import type { Queryable } from '../../../ledger/database.js'
import { type FrameRow, getFrames } from '../../../ledger/requests/frames.js'

const unpack = promisify(inflate)

/** Of previews kept for others who watch the same video. */
const KEPT_BYTES = 16 * 2 ** 20
/** Frames read at once. */
const READ_AHEAD = 8

export interface Preview extends FrameSize {
  /** `data:image/png;base64,…` */
  readonly url: string
}

/** A stored frame as it was delivered. @throws when the bytes are not what the shape says */
export async function unpackFrame(frame: FrameRow, { width, height }: FrameSize): Promise<Picture> {
  const rgb = await unpack(frame.zlib, { maxOutputLength: width * height * 3 })
  if (rgb.length !== width * height * 3) throw new RangeError('a stored frame has another size')
  return { width, height, rgb }
}

/** Frames as small pictures, each made once however many watch, the last few kept. */
export class FramePreviews {
  readonly #db: Queryable
  readonly #kept: LRUCache<string, Preview>
  readonly #loading = new Map<string, Promise<void>>()

  constructor(db: Queryable, { keptBytes = KEPT_BYTES }: { keptBytes?: number } = {}) {
    this.#db = db
    this.#kept = new LRUCache({ maxSize: keptBytes, sizeCalculation: ({ url }) => url.length })
  }

  /** @returns null when the frame is not stored */
  async get(requestId: string, index: number, shape: FrameSize): Promise<Preview | null> {
    const key = keyOf(requestId, index)
    for (;;) {
      const kept = this.#kept.get(key)
      if (kept !== undefined) return kept
      const loading = this.#loading.get(requestId)
      if (loading === undefined) break
      await loading.catch(() => undefined)
    }
    let found: Preview | null = null
    const loading = this.#load(requestId, index, shape, (preview) => {
      found ??= preview
    })
    this.#loading.set(requestId, loading)
    try {
      await loading
    } finally {
      this.#loading.delete(requestId)
    }
    return found
  }

  /** Reads a frame and the next ones; `first` gets the one that was asked for. */
  async #load(
    requestId: string,
    index: number,
    shape: FrameSize,
    first: (preview: Preview) => void,
  ): Promise<void> {
    const rows = await getFrames(this.#db, requestId, { from: index, limit: READ_AHEAD })
    for (const row of rows) {
      const small = shrink(await unpackFrame(row, shape), PREVIEW_SIDE)
      const png = await encodePng(small)
      const url = `data:image/png;base64,${png.toString('base64')}`
      const preview = { width: small.width, height: small.height, url }
      if (row.index === index) first(preview)
      this.#kept.set(keyOf(requestId, row.index), preview)
    }
  }
}

function keyOf(requestId: string, index: number): string {
  return `${requestId}.${index}`
}
