// The one list of workflows that a worker bundles; Temporal finds them by their exported names.
export { generateVideo } from './generate-video.js'
export { intervalLoop } from './interval-loop.js'
export { verifyInterval } from './verify-interval.js'
