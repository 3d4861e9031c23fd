import { roleCommand } from '../role.js'

export const inferenceWorkerCommand = roleCommand(
  'inference-worker',
  'run an inference worker: route users’ requests to provers',
  async () => {
    const { INFERENCE_OPTIONS, runInferenceWorker } = await import(
      '../../workers/roles/inference.js'
    )
    return { options: INFERENCE_OPTIONS, run: runInferenceWorker }
  },
)
