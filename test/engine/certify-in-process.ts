import { certify } from '../../engine/class/certify.js'
import { RANDOM_MODEL } from './fixtures.js'

/* Started by native-environment.test.ts: both kinds of processes that load onnxruntime. */
const { exact } = await certify({ modelDir: RANDOM_MODEL, device: 'cpu', runs: 2 })
console.log(exact)
