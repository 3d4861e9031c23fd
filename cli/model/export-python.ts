import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { FractalError } from '../../base/errors.js'
import { cudaFolder } from '../../engine/cuda/places.js'

const run = promisify(execFile)

/**
 * The Python of a virtual environment that holds what the exporter's requirements name; made when there is none. One
 * a set of requirements.
 * @throws FractalError `python_missing`, `download_failed`
 */
export async function exportPython(
  exporter: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const requirements = path.join(exporter, 'requirements.txt')
  const sum = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const folder = path.join(path.dirname(cudaFolder(env)), `export-model-${sum}`)
  const python = path.join(folder, 'bin', 'python')
  const whole = path.join(folder, '.whole')
  if (existsSync(whole)) return python
  // Half of one, of a run that was interrupted.
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.dirname(folder), { recursive: true })
  process.stderr.write(
    `Making a Python environment for the exporter, once (some GB): ${folder} ...\n`,
  )
  await run('python3', ['-m', 'venv', folder]).catch((cause) => {
    throw new FractalError('python_missing', 'No virtual environment of Python can be made.', {
      hint: 'Install it: apt install python3-venv (3.10 or newer).',
      cause,
    })
  })
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ]
  await run(python, args, { maxBuffer: 2 ** 26 }).catch((cause) => {
    const words = String(cause.stderr ?? cause.message)
      .trim()
      .split('\n')
      .slice(-3)
      .join(' ')
    throw new FractalError(
      'download_failed',
      `pip could not install the exporter’s packages: ${words}`,
      {
        hint: 'Check the network, the free disk space and pip’s settings (pip config list), then run it again.',
        cause,
      },
    )
  })
  await writeFile(whole, '')
  return python
}
