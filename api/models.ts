import { z } from 'zod'
import type { ApiDeps } from './deps.js'
import { type Address, nothingAt, type Operation, operation } from './http/operation.js'

export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z
      .int()
      .min(0)
      .meta({ description: 'seconds since 1970; 0: a model folder has no date' }),
    owned_by: z.literal('fractal'),
    standard: z
      .object({
        steps: z.int().min(0),
        guidance_scale: z.number(),
        num_frames: z.int().min(0),
        size: z.string(),
        fps: z.int().min(0),
      })
      .meta({ description: 'the defaults of a request, and the minimum for one that counts' }),
    limits: z
      .object({
        steps: z.int().min(0),
        guidance_scale: z.number(),
        num_frames: z.int().min(0),
        fps: z.int().min(0),
        side: z.int().min(0).meta({ description: 'pixels of width and of height' }),
        size_multiple: z.int().min(0).meta({ description: 'width and height are multiples of it' }),
        frames_every: z
          .int()
          .min(1)
          .meta({ description: 'num_frames is one more than a multiple of it' }),
        frame_pixels: z.int().min(0).meta({ description: 'width × height' }),
        pixels: z.int().min(0).meta({ description: 'frames × width × height' }),
        work: z.int().min(0).meta({ description: 'steps × frames × width × height' }),
      })
      .meta({ description: 'what a request may ask for at most' }),
  })
  .meta({ id: 'Model' })

type Model = z.output<typeof modelSchema>

const listSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) })

const modelParams = z.object({ id: z.string().meta({ example: 'fractal-shapes-1' }) })

/** `/v1/models`: the one model that this grid's provers run. */
export function modelOperations(deps: Pick<ApiDeps, 'model' | 'limits'>): Operation[] {
  const model = modelObject(deps)
  const modelId: Address<typeof modelParams> = {
    schema: modelParams,
    code: 'model_not_found',
    message: (id) => `There is no model ${id}.`,
    hint: `This network serves ${model.id}.`,
  }
  return [
    operation({
      id: 'listModels',
      method: 'get',
      path: '/v1/models',
      tag: 'Videos',
      access: 'read',
      summary: 'List the models',
      answers: { 200: { description: 'All of them', schema: listSchema } },
      errors: [],
      run: ({ res }) => {
        const list: z.output<typeof listSchema> = { object: 'list', data: [model] }
        res.json(list)
      },
    }),
    operation({
      id: 'getModel',
      method: 'get',
      path: '/v1/models/{id}',
      tag: 'Videos',
      access: 'read',
      summary: 'Get a model: its standard request and its limits',
      params: modelId,
      answers: { 200: { description: 'The model', schema: modelSchema } },
      errors: ['model_not_found'],
      run: ({ params, res }) => {
        if (params.id !== model.id) throw nothingAt(modelId, params.id)
        res.json(model)
      },
    }),
  ]
}

function modelObject({ model, limits }: Pick<ApiDeps, 'model' | 'limits'>): Model {
  return {
    id: model.name,
    object: 'model',
    created: 0,
    owned_by: 'fractal',
    standard: {
      steps: model.steps,
      guidance_scale: model.guidanceMilli / 1000,
      num_frames: model.frames,
      size: `${model.width}x${model.height}`,
      fps: model.fps,
    },
    limits: {
      steps: limits.maxSteps,
      guidance_scale: limits.maxGuidanceMilli / 1000,
      num_frames: limits.maxFrames,
      fps: limits.maxFps,
      side: limits.maxSide,
      size_multiple: limits.sizeMultiple,
      frames_every: limits.framesEvery,
      frame_pixels: limits.maxFramePixels,
      pixels: limits.maxPixels,
      work: limits.maxWork,
    },
  }
}
