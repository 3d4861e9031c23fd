import { access } from 'node:fs/promises'
import path from 'node:path'
import { buildIdOf } from '../class/build-id.js'
import { PROVIDER } from './packages.js'
import { providerFolder } from './places.js'

/** Build id of libonnxruntime_providers_cuda.so in the pinned wheel. */
const BUILD_ID = 'cb49769971ffd58123f8d12b4284c2cc741d9c0b'

/** `other`: a different build than the pinned one, which may require another CUDA. */
export type ProviderState = 'pinned' | 'other' | 'missing'

/** Whether onnxruntime's CUDA provider is where onnxruntime-node looks for it. */
export async function providerState(folder = providerFolder()): Promise<ProviderState> {
  const [shared, cuda] = PROVIDER.libraries.map((library) => path.join(folder, library))
  try {
    await access(shared!)
    return (await buildIdOf(cuda!)) === BUILD_ID ? 'pinned' : 'other'
  } catch {
    return 'missing'
  }
}
