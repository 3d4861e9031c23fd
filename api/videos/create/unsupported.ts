import type { Express, RequestHandler } from 'express'
import { sanitizeText } from '../../../base/sanitize-text.js'
import { ApiError } from '../../http/errors.js'

/** Fields that other video APIs have: why this one does not, and what to do. */
const FIELDS: Readonly<Record<string, { why: string; hint: string }>> = {
  input_reference: {
    why: 'this model makes videos from text only',
    hint: 'Leave it out, and say in the prompt what to show.',
  },
  image: {
    why: 'this model makes videos from text only',
    hint: 'Leave it out, and say in the prompt what to show.',
  },
  quality: {
    why: 'there is no such option',
    hint: 'steps, guidance_scale and size are what quality depends on.',
  },
  n: { why: 'a request creates one video', hint: 'Send one request per video.' },
  duration: { why: 'unknown name', hint: 'Send seconds, or num_frames.' },
  width: { why: 'unknown name', hint: 'Send size: "WIDTHxHEIGHT".' },
  height: { why: 'unknown name', hint: 'Send size: "WIDTHxHEIGHT".' },
  num_inference_steps: { why: 'unknown name', hint: 'Send steps.' },
  remix_video_id: { why: 'this model can’t remix', hint: 'Send a prompt of its own.' },
  response_format: {
    why: 'the file is downloaded with a separate request',
    hint: 'GET /v1/videos/{id}/content has the MP4, …/frames/{index} the frames.',
  },
}

/** Names what can't be had before the schema says that it does not know it. */
export const refuseUnsupportedFields: RequestHandler = (req, _res, next) => {
  if (typeof req.body === 'object' && req.body !== null) {
    const body = req.body as Record<string, unknown>
    for (const name of Object.keys(body)) {
      // Forms write a member of an object as `input_reference[image_url]`.
      const field = name.split('[', 1)[0]!
      if (!Object.hasOwn(FIELDS, field)) continue
      // As serializers of OpenAI's types write what was not given; and an empty file input.
      if (body[name] == null) {
        delete body[name]
        continue
      }
      const { why, hint } = FIELDS[field]!
      throw new ApiError('unsupported_field', `${field} is not supported: ${why}.`, {
        hint,
        param: field,
      })
    }
  }
  next()
}

/** Operations of OpenAI's clients on videos that this API does not have. */
const PATHS = [
  '/v1/videos/edits',
  '/v1/videos/extensions',
  '/v1/videos/characters',
  '/v1/videos/characters/:id',
  '/v1/videos/:id/remix',
]

/** Mount before `/v1/videos/{id}`, which would take these names for ids. */
export function mountUnsupported(app: Express): void {
  app.all(PATHS, (req) => {
    throw new ApiError(
      'unsupported_operation',
      `${req.method} ${sanitizeText(req.path)} is not there: videos are made from text only, without edits, extensions, remixes or characters.`,
      { hint: 'POST /v1/videos with a new prompt; /openapi.json lists what there is.' },
    )
  })
}
