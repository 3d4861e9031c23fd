import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { FractalError } from '../../base/errors.js'
import { neededByTurnsMib, neededMib } from '../../engine/cuda/gpu-memory.js'
import { readModel } from '../../engine/model/model.js'
import { printLine } from '../output.js'
import { exportPython } from './export-python.js'

/** Where the exporter is, in the sources and in what was compiled of them. */
export const EXPORTER = fileURLToPath(new URL('../../tools/export-model/', import.meta.url))
/** How it ends when it refuses a model (export_model.py). */
const REFUSED = 3

export interface ExportOptions {
  readonly source: string
  readonly out: string
  /** Passed on as they are: `--precision fp16`. */
  readonly settings: readonly string[]
  /** A Python that has what requirements.txt names; without it one is made. */
  readonly python: string | undefined
}

/**
 * Exports a folder of diffusers to one that Fractal takes, and reads it as a node does.
 * @throws FractalError `python_missing`, `export_refused`, `export_failed`, and those of reading
 */
export async function exportModel({ source, out, settings, python }: ExportOptions): Promise<void> {
  const program = python ?? (await exportPython(EXPORTER, process.env))
  const args = [`${EXPORTER}export_model.py`, source, '--out', out, ...settings]
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] })
  let last = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text)
    last = text.trim().split('\n').at(-1) || last
  })
  child.once('error', (error) => {
    last = error.message
  })
  const [code] = await once(child, 'close')
  if (code === REFUSED) {
    throw new FractalError(
      'export_refused',
      last.replace(/^refused: /, 'This model is refused: '),
      {
        hint: 'docs/models.md says what can be exported.',
      },
    )
  }
  if (code !== 0) throw new FractalError('export_failed', `The exporter failed: ${last}`)
  const model = await readModel(out)
  printLine(`root    ${model.files.root}`)
  const [all, byTurns] = [neededMib(model), neededByTurnsMib(model)].map((mib) =>
    (mib / 1024).toFixed(1),
  )
  const less = all === byTurns ? '' : `, or at least ${byTurns} with one network open at a time`
  printLine(`memory  ${all} GiB of a GPU${less}`)
  printLine(`Next: npx fractal doctor --certify --device cuda --model.dir ${out}`)
}
