import { z } from 'zod'
import type { FolderBytes } from '../../model/model-files.js'
import { flowEuler } from '../../schedulers/flow-euler.js'
import type { Scheduler } from '../../schedulers/scheduler.js'
import { uniPc } from '../../schedulers/uni-pc.js'
import { off, readConfig } from '../config-file.js'

const FILE = 'scheduler/scheduler_config.json'
const unset = z.null().optional()
const flow = {
  num_train_timesteps: z.literal(1000),
  shift_terminal: unset,
  use_beta_sigmas: off,
  use_dynamic_shifting: off,
  use_exponential_sigmas: off,
  use_karras_sigmas: off,
}
const classSchema = z.looseObject({
  _class_name: z.enum(['UniPCMultistepScheduler', 'FlowMatchEulerDiscreteScheduler']),
})
const uniPcSchema = z.looseObject({
  ...flow,
  flow_shift: z.number().positive(),
  use_flow_sigmas: z.literal(true),
  prediction_type: z.literal('flow_prediction'),
  solver_order: z.literal(2),
  solver_type: z.literal('bh2').default('bh2'),
  solver_p: unset,
  predict_x0: z.literal(true).default(true),
  lower_order_final: z.literal(true).default(true),
  disable_corrector: z.array(z.int()).max(0).default([]),
  final_sigmas_type: z.literal('zero').default('zero'),
  sigma_max: unset,
  sigma_min: unset,
  rescale_betas_zero_snr: off,
  thresholding: off,
})
const flowEulerSchema = z.looseObject({
  ...flow,
  shift: z.number().positive(),
  invert_sigmas: off,
  stochastic_sampling: off,
})

export const SCHEDULERS = classSchema.shape._class_name.options

/**
 * Reads the folder's scheduler. Options that affect the arithmetic must have the values that are implemented.
 * @throws EngineError `model_invalid`, `unsupported_model`
 */
export function readScheduler(files: FolderBytes): Scheduler {
  const { _class_name: name } = readConfig(files, FILE, classSchema, 'unsupported_model')
  switch (name) {
    case 'UniPCMultistepScheduler': {
      const { flow_shift } = readConfig(files, FILE, uniPcSchema, 'unsupported_model')
      return uniPc({ shift: flow_shift })
    }
    case 'FlowMatchEulerDiscreteScheduler': {
      const { shift } = readConfig(files, FILE, flowEulerSchema, 'unsupported_model')
      return flowEuler({ shift })
    }
  }
}
