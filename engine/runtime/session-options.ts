import { createHash } from 'node:crypto'
import type { InferenceSession } from 'onnxruntime-node'
import type { Hex } from '../../formats/bytes.js'
import { canonicalJson } from '../../formats/canonical-json.js'
import type { Device } from '../pipeline/generator.js'

/**
 * Pinned, because some options change the last bits of the output (the graph optimisation level does) and the
 * others might on another machine. One thread: several are slower for small videos, and provers share
 * machines. The CPU memory arena stays enabled: without it, a step at 64×64 takes a fifth more CPU time, in
 * the kernel; the price is that a process keeps the memory of its largest video. Memory patterns bring no
 * benefit. `use_deterministic_compute` is honoured by onnxruntime-node, although its typings say otherwise.
 */
export function sessionOptions(device: Device) {
  return {
    executionProviders: [device],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: true,
    enableMemPattern: false,
    extra: { session: { use_deterministic_compute: '1' } },
  } as const satisfies InferenceSession.SessionOptions
}

/** Part of the determinism class: sha256 of the options as canonical JSON. */
export function sessionOptionsSha256(device: Device): Hex {
  return createHash('sha256')
    .update(canonicalJson(sessionOptions(device)))
    .digest('hex')
}
