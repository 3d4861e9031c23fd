import { ask } from '../api.js'

/** At once; a browser opens few connections to one server anyway. */
const AT_ONCE = 4

/** The raw frames of a video, as its prover delivered them. @throws Problem */
export async function fetchFrames(
  videoId: string,
  count: number,
  arrived: (frames: number) => void,
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  let next = 1
  let done = 0
  const worker = async (): Promise<void> => {
    while (next <= count) {
      const index = next
      next += 1
      const res = await ask(`/v1/videos/${videoId}/frames/${index}?format=rgb`)
      frames[index - 1] = new Uint8Array(await res.arrayBuffer())
      done += 1
      arrived(done)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker))
  return frames
}
