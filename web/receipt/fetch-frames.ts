import { mapWithLimit } from '../../base/concurrency/map-with-limit.js'
import { ask } from '../api.js'

/** Browsers open only a few connections per server anyway. */
const MAX_REQUESTS = 4

/** The raw frames of a video as delivered by its prover. @throws Problem */
export async function fetchFrames(
  videoId: string,
  count: number,
  arrived: (frames: number) => void,
): Promise<Uint8Array[]> {
  let done = 0
  const indexes = Array.from({ length: count }, (_, i) => i + 1)
  return mapWithLimit(indexes, MAX_REQUESTS, async (index) => {
    const res = await ask(`/v1/videos/${videoId}/frames/${index}?format=rgb`)
    const frame = new Uint8Array(await res.arrayBuffer())
    done += 1
    arrived(done)
    return frame
  })
}
