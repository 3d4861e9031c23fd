import { roleCommand } from '../role.js'

export const gpuWorkerCommand = roleCommand(
  'gpu-worker',
  'run a GPU worker: compute ground truths for the verifier',
  async () => {
    const { GPU_OPTIONS, runGpuWorker } = await import('../../workers/roles/gpu.js')
    return { options: GPU_OPTIONS, run: runGpuWorker }
  },
)
