import type { Hex } from '../../formats/bytes.js'
import { formatDeterminismClass } from '../../formats/determinism-class.js'
import type { Device } from '../pipeline/generator.js'
import { sessionOptionsSha256 } from '../runtime/session-options.js'
import { cpuIsa } from './cpu-isa.js'
import { loadedCudaVersions, queryGpu } from './cuda-facts.js'

/** Of the pipeline's own arithmetic: raised whenever a change here changes a byte of any video. */
const ENGINE = 'fractal-t2v-2'

/**
 * The determinism class of this process on this machine. Call it once the sessions are open: the
 * CUDA libraries are identified by what is loaded.
 * @throws EngineError `gpu_missing`, `cuda_missing`, `runtime_missing`
 */
export async function hostClass(
  device: Device,
  modelRoot: Hex,
  runtimeVersion: string,
): Promise<string> {
  const common = {
    engine: ENGINE,
    modelRoot,
    ort: runtimeVersion,
    precision: 'fp32',
    session: sessionOptionsSha256(device),
  }
  const { platform, arch } = process
  return device === 'cuda'
    ? formatDeterminismClass({
        ...common,
        ep: 'cuda',
        ...(await queryGpu()),
        ...(await loadedCudaVersions()),
        tf32: 'off',
      })
    : formatDeterminismClass({
        ...common,
        ep: 'cpu',
        os: platform,
        arch,
        isa: await cpuIsa(platform, arch),
      })
}
