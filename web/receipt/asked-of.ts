import type { Asked } from '../../formats/receipt/compare-asked.js'
import type { Video } from '../api-types.js'
import type { VideoBody } from '../playground/request.js'

/** What was entered here; for fields left open, the video's own values. */
export function askedOf(video: Video, body: VideoBody | null): Asked {
  const [width = 0, height = 0] = (body?.size ?? video.size).split('x').map(Number)
  return {
    prompt: body?.prompt ?? video.prompt,
    negativePrompt: body === null ? video.negative_prompt : (body.negative_prompt ?? ''),
    seed: body === null ? video.seed : (body.seed ?? null),
    model: video.model,
    steps: body?.steps ?? video.steps,
    guidance: body?.guidance_scale ?? video.guidance_scale,
    width,
    height,
    frames: body?.num_frames ?? video.num_frames,
    fps: body?.fps ?? video.fps,
  }
}
