import type { CommandModule } from 'yargs'
import { commandGroup } from '../command-group.js'
import { withOptions } from '../options.js'

const verify: CommandModule = {
  command: 'verify <file>',
  describe: 'check a receipt of a video: who asked, who signed what, and that nothing was changed',
  builder: (argv) =>
    withOptions(
      argv.positional('file', {
        type: 'string',
        describe: 'file: the answer of GET /v1/videos/{id}/receipt, or - for standard input',
      }),
      ['model.dir'],
    )
      .option('recompute', {
        type: 'boolean',
        default: false,
        describe: 'generate the video here too, and compare',
      })
      .option('frames', {
        type: 'string',
        requiresArg: true,
        describe: 'the video: FILE.rgb (all frames in order), or FILE.mp4 with --recompute',
      })
      .option('device', {
        type: 'string',
        requiresArg: true,
        describe: 'with --recompute: cpu or cuda [FRACTAL_DEVICE]',
        defaultDescription: 'cpu',
      })
      .option('json', { type: 'boolean', describe: 'print JSON' })
      .example('$0 receipt verify receipt.json --recompute', ''),
  handler: async (given) => {
    const { verifyReceipt } = await import('../receipt/verify-receipt.js')
    await verifyReceipt({
      file: String(given.file),
      frames: given.frames === undefined ? undefined : String(given.frames),
      recompute: given.recompute === true,
      json: given.json === true,
      given,
    })
  },
}

export const receiptCommand = commandGroup(
  'receipt',
  'check receipts of videos, with or without generating them again',
  [verify],
)
