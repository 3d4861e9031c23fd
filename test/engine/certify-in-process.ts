import { certify } from '../../engine/class/certify.js'
import { TINY_MODEL } from './fixtures.js'

/* Started by native-environment.test.ts: both kinds of processes that load onnxruntime. */
const { exact } = await certify({ modelDir: TINY_MODEL, device: 'cpu', runs: 2 })
console.log(exact)
