// All workflows that a worker bundles; Temporal finds them by their exported names.
export { deliverWebhook } from './deliver-webhook.js'
export { generateVideo } from './generate-video.js'
export { intervalLoop } from './interval-loop.js'
export { verifyInterval } from './verify-interval.js'
