import type { CommandModule } from 'yargs'
import { WHICH_LIBRARIES } from '../../engine/cuda/install.js'
import { commandGroup } from '../command-group.js'

const installCommand: CommandModule = {
  command: 'install',
  describe: 'fetch what onnxruntime needs for a GPU, in the pinned versions',
  builder: (argv) =>
    argv
      .option('libraries', {
        choices: WHICH_LIBRARIES,
        requiresArg: true,
        default: 'missing',
        describe: 'NVIDIA’s libraries: those that are missing here, all, or none',
      })
      .example('$0 cuda install', ''),
  handler: async (given) => {
    const { installCudaHere } = await import('../cuda/install.js')
    const libraries = WHICH_LIBRARIES.find((each) => each === given.libraries)
    await installCudaHere(libraries ?? 'missing')
  },
}

export const cudaCommand = commandGroup('cuda', 'what computes on a GPU: install', [installCommand])
