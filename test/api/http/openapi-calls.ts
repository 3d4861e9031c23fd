import { EVIDENCE_SHA256 } from '../../support/records/evidence.js'
import type { Scene } from './openapi-scene.js'

export interface Call {
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** 200 unless said. */
  readonly status?: number
}

const shapes = { prompt: 'a red circle moves right' }

/** How to make each operation of the document a valid call, by operationId. */
export const VALID_CALLS: Readonly<Record<string, (scene: Scene) => Call>> = {
  createVideo: () => ({ path: '/v1/videos', body: shapes }),
  listVideos: () => ({ path: '/v1/videos?limit=2&order=asc' }),
  getVideo: ({ finished }) => ({ path: `/v1/videos/${finished}` }),
  getVideoContent: ({ finished }) => ({ path: `/v1/videos/${finished}/content` }),
  getVideoFrame: ({ finished }) => ({ path: `/v1/videos/${finished}/frames/1` }),
  getVideoReceipt: ({ finished }) => ({ path: `/v1/videos/${finished}/receipt` }),
  watchVideo: ({ finished }) => ({ path: `/v1/videos/${finished}/events?frames=none` }),
  cancelVideo: ({ queued }) => ({ path: `/v1/videos/${queued}/cancel` }),
  deleteVideo: ({ unwanted }) => ({ path: `/v1/videos/${unwanted}` }),
  listModels: () => ({ path: '/v1/models' }),
  getModel: () => ({ path: '/v1/models/fractal-shapes-1' }),
  createWebhook: () => ({ path: '/v1/webhooks', body: { url: 'https://example.com/two' } }),
  listWebhooks: () => ({ path: '/v1/webhooks' }),
  getWebhook: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}` }),
  testWebhook: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/test`, status: 202 }),
  rotateWebhookSecret: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/rotate-secret` }),
  listWebhookDeliveries: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/deliveries?limit=1` }),
  deleteWebhook: ({ unwantedWebhook }) => ({ path: `/v1/webhooks/${unwantedWebhook}` }),
  getNetwork: () => ({ path: '/v1/network' }),
  listProvers: () => ({ path: '/v1/network/provers' }),
  getProver: ({ hotkey }) => ({ path: `/v1/network/provers/${hotkey}` }),
  listTiers: () => ({ path: '/v1/network/tiers' }),
  listAudits: () => ({ path: '/v1/network/audits' }),
  listIntervals: () => ({ path: '/v1/network/intervals?limit=1' }),
  getInterval: ({ published }) => ({ path: `/v1/network/intervals/${published}` }),
  getIntervalRecord: ({ published }) => ({ path: `/v1/network/intervals/${published}/record` }),
  listRecords: () => ({ path: '/v1/network/records?limit=1' }),
  getEvidence: () => ({ path: `/v1/network/evidence/${EVIDENCE_SHA256}` }),
  retryInterval: ({ failed }) => ({ path: `/v1/network/intervals/${failed}/retry` }),
}
