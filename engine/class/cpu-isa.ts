import { readFile } from 'node:fs/promises'
import { EngineError } from '../errors.js'

export type Isa = 'avx512' | 'avx2' | 'sse' | 'neon'

/**
 * The instruction set by which onnxruntime selects kernels; it determines the last bits of results.
 * @throws EngineError `runtime_missing` on a platform without a binary of onnxruntime-node
 */
export async function cpuIsa(platform: string, arch: string): Promise<Isa> {
  if (arch === 'arm64') return 'neon'
  if (platform === 'linux' && arch === 'x64') {
    return isaOfFlags(await readFile('/proc/cpuinfo', 'utf8'))
  }
  throw new EngineError('runtime_missing', `The engine does not run on ${platform} ${arch}.`, {
    hint: 'Use Linux on x64 or arm64, or macOS on Apple silicon.',
  })
}

/** @param cpuinfo the text of /proc/cpuinfo on x64 */
export function isaOfFlags(cpuinfo: string): Isa {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(/\s+/))
  const has = (...names: string[]) => names.every((name) => flags.has(name))
  if (has('avx512f', 'avx512bw', 'avx512dq', 'avx512vl')) return 'avx512'
  return has('avx2', 'fma') ? 'avx2' : 'sse'
}
