import type { CommandModule } from 'yargs'
import { CAPTION_FORMATS } from '../prompts/captions.js'

export const promptsCommand: CommandModule = {
  command: 'prompts <files..>',
  describe: 'make a file of prompts for checks (--challenge.prompts) from captions',
  builder: (argv) =>
    argv
      .positional('files', {
        type: 'string',
        array: true,
        describe: 'files of captions: text with one per line, CSV, TSV or JSONL',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'file to write, one prompt per line',
      })
      .option('column', {
        type: 'string',
        requiresArg: true,
        default: 'caption',
        describe: 'column of a CSV or TSV file, or member of JSON objects',
      })
      .option('format', {
        choices: CAPTION_FORMATS,
        requiresArg: true,
        describe: 'format of the files',
        defaultDescription: 'by their names',
      })
      .option('json', { type: 'boolean', describe: 'print the counts as JSON' })
      .example('$0 prompts captions.csv --column text --out prompts.txt', ''),
  handler: async (given) => {
    const { makePrompts } = await import('../prompts/make-prompts.js')
    const files = Array.isArray(given.files) ? given.files.map(String) : []
    await makePrompts(files, {
      out: String(given.out),
      column: String(given.column),
      format: CAPTION_FORMATS.find((format) => format === given.format),
      json: given.json === true,
    })
  },
}
